import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import type { BlobStore } from "../../../platform/blobs/blob-store.ts";
import { describeBlobUrls } from "../../../platform/blobs/conformance.ts";
import { openFileBlobStore } from "../../../platform/blobs/file-store.ts";
import { createSignedUrls } from "../../../platform/blobs/signed-urls.ts";
import { createUrlSigner } from "../../../platform/blobs/signing.ts";
import { systemClock } from "../../../platform/clock.ts";
import { isYardError, YardError } from "../../../platform/errors.ts";
import { createHttpServer } from "../../../platform/http/server.ts";
import { createLog } from "../../../platform/log.ts";
import { createMetrics } from "../../../platform/metrics.ts";
import { mountSmallDisk } from "../../../platform/testing/small-disk.ts";
import { temporaryDirectory } from "../../../platform/testing/temporary-directory.ts";
import { until } from "../../../platform/testing/until.ts";
import { blobsApi } from "../blobs.ts";
import type { SignedBlobs } from "../parts.ts";

const free = { admit: async () => {}, arrived: async () => {} };

async function openServer({ uploads = free, path }: { uploads?: SignedBlobs["uploads"]; path?: string } = {}) {
  await using opened = new AsyncDisposableStack();
  const directory = path ?? opened.use(temporaryDirectory()).path;
  const store: BlobStore = opened.use(await openFileBlobStore({ directory, clock: systemClock }));
  const signer = createUrlSigner({ secret: Buffer.alloc(32, 1), clock: systemClock });
  const log = createLog({ level: "silent" });
  const api = blobsApi({ store, signer, uploads }, "1");
  const parts = { apis: [api], log, metrics: createMetrics(), validateResponses: true } as const;
  const server = opened.use(await createHttpServer(parts));
  const [listener] = await server.listen([{ secure: false, host: "127.0.0.1", port: 0 }]);
  const urls = createSignedUrls({ signer, clock: systemClock });
  const lifetime = opened.move();
  return {
    ...{ store, urls, origin: listener!.url },
    presign: async (...request: Parameters<typeof urls.presign>) => listener!.url + (await urls.presign(...request)),
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

describeBlobUrls("the yard's own server", openServer);

const expiresInMs = 60_000;

test("an upload needs neither a Content-Type nor a credential, and one that is wrong is not looked at", async () => {
  await using server = await openServer();
  const url = await server.presign({ method: "PUT", key: "key", expiresInMs, contentLength: 5 });
  const kinds: readonly Record<string, string>[] = [
    {},
    { "content-type": "not a type" },
    { "content-type": "application/json", authorization: "Bearer forged" },
    { "content-type": "multipart/form-data; boundary=x" },
  ];
  for (const headers of kinds) {
    const status = await put(url, Buffer.from("12345"), headers);
    assert.equal(status, 200);
    assert.equal(await text((await server.store.get("key")).stream), "12345");
  }
});

test("a body without a length is refused", async () => {
  await using server = await openServer();
  const url = await server.presign({ method: "PUT", key: "key", expiresInMs, contentLength: 5 });
  assert.equal(await put(url, Buffer.from("12345"), { "transfer-encoding": "chunked" }), 403);
  await assert.rejects(server.store.head("key"), (error) => isYardError(error, "not_found"));
});

test("a connection on which an upload was refused serves the next one", async () => {
  await using server = await openServer();
  const url = await server.presign({ method: "PUT", key: "key", expiresInMs, contentLength: 200_000 });
  const { hostname, port, pathname, search } = new URL(url);
  const socket = connect(Number(port), hostname);
  let replies = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => {
    replies += chunk;
  });
  const head = (length: number) => `PUT ${pathname}${search} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`;
  socket.write(head(200_001) + "x".repeat(200_001));
  socket.write(head(200_000) + "y".repeat(200_000));
  await until(() => replies.includes("HTTP/1.1 403") && replies.includes("HTTP/1.1 200"));
  socket.destroy();
  assert.equal((await server.store.head("key")).bytes, 200_000);
});

test("nothing of an upload is seen when its client leaves in the middle", async () => {
  using directory = temporaryDirectory();
  await using server = await openServer({ path: directory.path });
  const url = await server.presign({ method: "PUT", key: "key", expiresInMs, contentLength: 1_000_000 });
  const outgoing = httpRequest(url, { method: "PUT", headers: { "content-length": 1_000_000 } });
  outgoing.on("error", () => {});
  outgoing.write(Buffer.alloc(500_000));
  await until(() => existsSync(join(directory.path, "objects"))); // the upload has begun
  outgoing.destroy();
  await until(() =>
    readdirSync(join(directory.path, "objects"), { recursive: true, withFileTypes: true }).every(
      (entry) => !entry.isFile(),
    ),
  );
  const again = await server.presign({ method: "PUT", key: "other", expiresInMs, contentLength: 1 });
  assert.equal(await put(again, Buffer.from("x")), 200);
  await assert.rejects(server.store.head("key"), (error) => isYardError(error, "not_found"));
});

test("a client that leaves before the store has begun to read harms nobody", async () => {
  const asked = Promise.withResolvers<void>();
  await using server = await openServer({ uploads: { ...free, admit: async () => asked.resolve() } });
  const url = await server.presign({ method: "PUT", key: "key", expiresInMs, contentLength: 1_000_000 });
  const outgoing = httpRequest(url, { method: "PUT", headers: { "content-length": 1_000_000 } });
  outgoing.on("error", () => {});
  outgoing.flushHeaders();
  await asked.promise;
  outgoing.destroy();
  const again = await server.presign({ method: "PUT", key: "other", expiresInMs, contentLength: 1 });
  assert.equal(await put(again, Buffer.from("x")), 200);
});

test("an upload that nobody waits for any more is refused, one that is stored is told", async () => {
  const arrived: string[] = [];
  const uploads = {
    async admit(key: string) {
      if (key === "removed") throw new YardError("forbidden", "This upload is <no longer> wanted.");
    },
    arrived: async (key: string) => void arrived.push(key),
  };
  await using server = await openServer({ uploads });
  const refused = await fetch(await server.presign({ method: "PUT", key: "removed", expiresInMs, contentLength: 1 }), {
    method: "PUT",
    body: "x",
  });
  assert.equal(refused.status, 403);
  assert.equal(refused.headers.get("content-type"), "application/xml");
  assert.match(await refused.text(), /<Message>This upload is &lt;no longer&gt; wanted.<\/Message>/);
  const wanted = await server.presign({ method: "PUT", key: "wanted", expiresInMs, contentLength: 1 });
  assert.equal(await put(wanted, Buffer.from("x")), 200);
  assert.deepEqual(arrived, ["wanted"]);
});

test("what is served is for saving, not for showing, and its tag makes ranges safe", async () => {
  await using server = await openServer();
  await server.store.put("dir/page.html", Readable.from([Buffer.from("<script>")]), { contentType: "text/html" });
  const url = await server.presign({ method: "GET", key: "dir/page.html", expiresInMs });
  const reply = await fetch(url);
  await reply.text();
  const headers = ["content-type", "x-content-type-options", "accept-ranges", "content-disposition"];
  assert.deepEqual(
    headers.map((name) => reply.headers.get(name)),
    ["application/octet-stream", "nosniff", "bytes", `attachment; filename="page.html"; filename*=UTF-8''page.html`],
  );
  const head = await fetch(url, { method: "HEAD" });
  assert.deepEqual([head.status, head.headers.get("content-length"), await head.text()], [200, "8", ""]);
  const part = (tag: string) => fetch(url, { headers: { range: "bytes=0-0", "if-range": tag } });
  assert.equal((await part(reply.headers.get("etag")!)).status, 206);
  assert.equal((await part('"another"')).status, 200);
});

test("on a full disk an upload is told so as XML, and leaves nothing", async (context) => {
  using disk = mountSmallDisk(context);
  if (disk === undefined) return;
  const path = join(disk.path, "blobs");
  mkdirSync(path);
  await using server = await openServer({ path });
  const bytes = 8 * 1024 ** 2;
  const url = await server.presign({ method: "PUT", key: "large", expiresInMs, contentLength: bytes });
  const reply = await fetch(url, { method: "PUT", body: Buffer.alloc(bytes) });
  assert.equal(reply.status, 507);
  assert.match(await reply.text(), /<Code>InsufficientStorage<\/Code><Message>[^<]*disk is full/);
  await assert.rejects(server.store.head("large"), (error) => isYardError(error, "not_found"));
  const small = await server.presign({ method: "PUT", key: "small", expiresInMs, contentLength: 1 });
  assert.equal(await put(small, Buffer.from("x")), 200);
});

/** `fetch` would add a Content-Type. */
async function put(url: string, body: Uint8Array, headers: Record<string, string> = {}): Promise<number | undefined> {
  const length = "transfer-encoding" in headers ? {} : { "content-length": body.length };
  const outgoing = httpRequest(url, { method: "PUT", headers: { ...length, ...headers } }).end(body);
  const [reply]: IncomingMessage[] = await once(outgoing, "response");
  await once(reply!.resume(), "end");
  return reply!.statusCode;
}
