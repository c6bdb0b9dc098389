import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { request as requestHttp } from "node:http";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { type Header, pack } from "tar-stream";
import type { AuditEntry } from "../../identity/identity.ts";
import type { Principal } from "../../identity/principal.ts";
import { createTrail } from "../../identity/trail.ts";
import type { Api } from "../../platform/http/api.ts";
import { createHttpServer } from "../../platform/http/server.ts";
import { createLog } from "../../platform/log.ts";
import { createMetrics } from "../../platform/metrics.ts";
import { until } from "../../platform/testing/until.ts";
import { readTar, writeTar } from "../../platform/trees/tar.ts";
import type { TreeEntry } from "../../platform/trees/tree-entry.ts";
import { openTestSnapshots, type TestSnapshots } from "../../snapshots/testing.ts";
import { sendError } from "./errors.ts";
import { createGuard } from "./guard.ts";
import { registerTreeRoutes } from "./routes/trees.ts";
import { registerTreeUpload } from "./routes/trees-upload.ts";

function permissionsOf(username: string): Principal["permissions"] {
  if (username === "guest") return new Set();
  return new Set(username === "viewer" ? ["snapshots.view"] : ["snapshots.view", "snapshots.write"]);
}

const principalNamed = (username: string): Principal => ({
  userId: `usr_${username}`,
  username,
  teams: new Map([[username, "owner"]]),
  roles: [],
  permissions: permissionsOf(username),
  isAdmin: false,
  credential: { kind: "token", sessionId: "ses_1", audience: "yard", expiresAt: 1_800_000_000_000, issuedAt: 1 },
});

const MiB = 1024 ** 2;
const limits = { maxBytes: 8 * MiB, maxEntries: 50, maxReadBytes: 8 * MiB };
let store: TestSnapshots;
let url: string;
const audited: AuditEntry[] = [];
const opened = new AsyncDisposableStack();

before(async () => {
  store = opened.use(await openTestSnapshots());
  const guard = createGuard({
    authenticate: ({ headers }) => principalNamed(String(headers.authorization).slice("Bearer ".length)),
  });
  const trail = createTrail({
    api: "yard",
    audit: { record: async (entry) => void audited.push(entry), verify: () => assert.fail("nothing is verified") },
    essential: (work) => work(),
  });
  const trees = { snapshots: store.snapshots, teamOf: ({ username }: Principal) => username, limits };
  const api: Api = {
    ...{
      name: "trees",
      title: "Trees",
      version: "1",
      description: "The routes of trees alone.",
      pathPrefixes: ["/yard"],
    },
    securitySchemes: { Bearer: { type: "http", scheme: "bearer" } },
    register(app) {
      registerTreeRoutes(app, { trees }, guard);
      registerTreeUpload(app, { trees }, guard, trail);
    },
    sendError,
    notFound: (_request, reply) => reply.code(404).send(),
  };
  const parts = { log: createLog({ level: "silent" }), metrics: createMetrics(), validateResponses: true };
  const server = opened.use(await createHttpServer({ apis: [api], ...parts }));
  const [listener] = await server.listen([{ host: "127.0.0.1", port: 0, secure: false }]);
  url = `${listener!.url}/yard/v1/trees`;
});
after(() => opened.disposeAsync());

interface NewTree {
  readonly id: string;
  readonly entries: number;
  readonly bytes: number;
}
interface Page {
  readonly entries: readonly { readonly path: string }[];
  readonly next?: string;
}
interface Refusal {
  readonly error: { readonly code: string };
}

async function ask<Answer>(path: string, init: RequestInit = {}, as = "ada") {
  const headers = { authorization: `Bearer ${as}`, "content-type": "application/x-tar", connection: "close" };
  const reply = await fetch(`${url}${path}`, { ...init, headers });
  const json = reply.headers.get("content-type")?.includes("json") ? await reply.json() : undefined;
  return { reply, status: reply.status, json: json as Answer };
}

function upload(bytes: Uint8Array | Readable, as?: string) {
  const body = bytes instanceof Readable ? Readable.toWeb(bytes) : bytes;
  return ask<NewTree & Refusal>("", { method: "POST", body, duplex: "half" }, as);
}

const file = (path: string, content: Uint8Array | string): TreeEntry => ({
  ...{ type: "file", path, mode: 0o640, size: Buffer.byteLength(content) },
  content: Readable.from([Buffer.from(content)]),
});

function archiveOf(...headers: (Partial<Header> & { name: string })[]): Readable {
  const archive = pack();
  for (const header of headers) archive.entry(header, header.type === undefined ? "content" : "");
  archive.finalize();
  return Readable.from(archive);
}

const large = randomBytes(3 * MiB);
const tree = (): Readable =>
  writeTar(
    Readable.from([
      { type: "directory", path: "größe", mode: 0o750 },
      { type: "directory", path: "größe/empty", mode: 0o700 },
      file("größe/large", large),
      { type: "symlink", path: "outside", target: "/etc/passwd" },
      file("small", "x"),
    ] satisfies TreeEntry[]),
  );

test("a tree that was uploaded is downloaded and listed as it was, and the upload is on record", async () => {
  const { status, json } = await upload(tree());
  assert.deepEqual([status, json.entries, json.bytes], [201, 5, 3 * MiB + 1]);
  assert.deepEqual((await upload(tree())).json.id, json.id);
  const [entry] = audited;
  assert.deepEqual([entry?.action, entry?.target, entry?.actor.name], ["snapshot.upload", json.id, "ada"]);

  const { reply } = await ask(`/${json.id}`);
  assert.equal(reply.headers.get("content-type"), "application/x-tar");
  const seen: string[] = [];
  for await (const item of readTar(Readable.fromWeb(reply.body as never), { maxBytes: 9 * MiB })) {
    seen.push(item.path);
    if (item.path === "größe/large" && item.type === "file")
      assert.ok((await buffer(Readable.from(item.content))).equals(large));
  }
  const paths = ["größe", "größe/empty", "größe/large", "outside", "small"];
  assert.deepEqual(seen, paths);
  const listed = (await ask<Page>(`/${json.id}/entries`)).json;
  assert.deepEqual(listed.entries.slice(2, 4), [
    { path: "größe/large", type: "file", mode: 0o640, size: 3 * MiB },
    { path: "outside", type: "symlink", mode: 0o777, size: 11, target: "/etc/passwd" },
  ]);
  assert.equal("next" in listed, false);

  const pages: string[] = [];
  for (let next: string | undefined = ""; next !== undefined; ) {
    const query: string = new URLSearchParams({ limit: "2", ...(next && { after: next }) }).toString();
    const page: Page = (await ask<Page>(`/${json.id}/entries?${query}`)).json;
    pages.push(...page.entries.map(({ path }) => path));
    next = page.next;
  }
  assert.deepEqual(pages, paths);
  const below = (await ask<Page>(`/${json.id}/entries?path=${encodeURIComponent("/größe/")}`)).json;
  assert.deepEqual(
    below.entries.map(({ path }) => path),
    ["größe/empty", "größe/large"],
  );
  assert.deepEqual((await ask<Page>(`/${json.id}/entries?path=small`)).json.entries.length, 1);
  assert.equal((await ask<Page>(`/${json.id}/entries?path=nope`)).status, 404);
  assert.equal((await ask<Page>(`/${json.id}/entries?path=${encodeURIComponent("größe")}&after=small`)).status, 400);
});

test("nobody reads another team's trees, and who may only look uploads none", async () => {
  const { json } = await upload(tree());
  for (const id of [json.id, "0".repeat(64)])
    for (const path of [`/${id}`, `/${id}/entries`]) assert.equal((await ask(path, {}, "eve")).status, 404);
  assert.equal((await ask("/nonsense")).status, 400);
  assert.equal((await upload(tree(), "viewer")).status, 403);
  for (const path of [`/${json.id}`, `/${json.id}/entries`]) assert.equal((await ask(path, {}, "guest")).status, 403);
});

for (const [name, headers] of Object.entries({
  traversal: [{ name: "../x" }],
  "an absolute path": [{ name: "/etc/x" }],
  "a hard link": [{ name: "x", type: "link", linkname: "/etc/passwd" }],
  "a device": [{ name: "x", type: "block-device" }],
  "a name twice": [{ name: "x" }, { name: "x" }],
  "a file by way of a link": [{ name: "x", type: "symlink", linkname: "/etc" }, { name: "x/y" }],
} satisfies Record<string, (Partial<Header> & { name: string })[]>))
  test(`an archive with ${name} is refused and leaves nothing`, async () => {
    const before = store.blobBytes();
    const { status, json } = await upload(archiveOf({ name: "first" }, ...headers));
    assert.deepEqual([status, json.error.code], [400, "invalid"]);
    assert.equal(store.blobBytes(), before);
  });

test("a tree beyond the limits is 413, also for a client that reads nothing before all is sent", async () => {
  const most = Array.from({ length: 60 }, (_, i) => ({ name: `f${i}` }));
  assert.equal((await upload(archiveOf(...most))).status, 413);
  assert.equal((await upload(writeTar(Readable.from([file("large", Buffer.alloc(9 * MiB))])))).status, 413);
  const zeros = Buffer.alloc(20 * MiB);
  assert.equal((await upload(zeros)).status, 413);
});

test("what is no archive, or not all of one, is refused", async () => {
  const whole = await buffer(tree());
  for (const bytes of [
    Buffer.alloc(0),
    whole.subarray(0, 2 * MiB),
    whole.subarray(0, -1_024),
    Buffer.alloc(2_048, "x"),
  ])
    assert.equal((await upload(bytes)).status, 400);
  const reply = await fetch(url, { method: "POST", body: "{}", headers: { authorization: "Bearer ada" } });
  assert.equal(reply.status, 400);
});

test("a client that leaves in the middle leaves no snapshot and no record", async () => {
  const entries = audited.length;
  const headers = { authorization: "Bearer ada", "content-type": "application/x-tar", "transfer-encoding": "chunked" };
  const outgoing = requestHttp(url, { method: "POST", headers });
  outgoing.on("error", () => {});
  const whole = await buffer(tree());
  outgoing.write(whole.subarray(0, 2 * MiB));
  await new Promise((sent) => setImmediate(sent));
  outgoing.destroy();
  await until(async () => (await upload(archiveOf({ name: "other" }))).status === 201);
  assert.deepEqual(
    audited.slice(entries).filter(({ details }) => details?.bytes !== 7),
    [],
  );
});
