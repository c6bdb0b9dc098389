/** Files of the host over HTTP: down and up, in full, in part, cut off and refused. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { request as requestHttp } from "node:http";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { mountSmallDisk } from "../src/platform/testing/small-disk.ts";
import { temporaryDirectory } from "../src/platform/testing/temporary-directory.ts";
import { until } from "../src/platform/testing/until.ts";
import { type AppMesh, logIn } from "./support/appmesh.ts";
import { type OpenedYard, openTestYard } from "./support/yard-in-process.ts";
import { adminPassword, startYard } from "./support/yard-process.ts";

const MiB = 1024 * 1024;

let opened: OpenedYard;
let admin: AppMesh;
let authorization: string;
const directory = temporaryDirectory();

before(async () => {
  opened = await openTestYard({ "appmesh.max-upload": "8" });
  admin = await logIn(opened.url, "admin", adminPassword);
  authorization = await tokenOf(opened.url);
});
after(async () => {
  await opened?.[Symbol.asyncDispose]();
  directory[Symbol.dispose]();
});

test("a file that was uploaded raw comes back byte for byte, with its attributes", async () => {
  const content = randomBytes(3 * MiB + 5);
  const path = join(directory.path, "räw + file");
  const reply = await upload(path, content, { "x-file-mode": "33261", "x-file-user": "nobody-here" });
  assert.equal(reply.status, 200, await reply.text());
  assert.equal(statSync(path).mode & 0o7777, 0o755);
  const down = await download(path);
  assert.equal(down.status, 200);
  assert.ok(Buffer.from(await down.arrayBuffer()).equals(content));
  const header = (name: string) => down.headers.get(name);
  assert.equal(header("content-type"), "application/octet-stream");
  assert.equal(header("x-file-mode"), String(0o755));
  assert.equal(header("x-file-user"), String(process.getuid?.()));
  assert.equal(header("x-file-group"), String(process.getgid?.()));
  assert.match(
    header("content-disposition") ?? "",
    /^attachment; filename="r_w \+ file"; filename\*=UTF-8''r%C3%A4w%20%2B%20file$/,
  );
});

for (const [what, parts] of [
  ["after its name", ["filename", "file"]],
  ["before its name", ["file", "filename"]],
  ["among others", ["other", "file"]],
] as const) {
  test(`a form with the file ${what} is taken`, async () => {
    const path = join(directory.path, `form-${what}`);
    const form = new FormData();
    for (const part of parts) {
      if (part === "file") form.append(part, new Blob(["hello\r\n--not a boundary\r\n"]), "anything");
      else form.append(part, "../../etc/passwd");
    }
    const reply = await post(path, form);
    assert.equal(reply.status, 200, await reply.text());
    assert.equal(readFileSync(path, "utf8"), "hello\r\n--not a boundary\r\n");
  });
}

test("forms without the file, with two of them, cut short or without a boundary are refused, and leave nothing", async () => {
  const path = join(directory.path, "bad-form");
  const [none, two] = [new FormData(), new FormData()];
  none.append("filename", "x");
  for (const name of ["a", "b"]) two.append("file", new Blob([name]), name);
  const type = "multipart/form-data; boundary=x";
  const head = '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n';
  for (const [body, contentType] of [
    [none, undefined],
    [two, undefined],
    [`${head}cut`, type],
    ["", type],
    [`${head}a\r\n--x--`, "multipart/form-data; charset=x"],
  ] as const) {
    const reply = await post(path, body, contentType ? { "content-type": contentType } : {});
    assert.equal(reply.status, 400, await reply.text());
  }
  assert.deepEqual(leftovers(), []);
  assert.ok(!readdirSync(directory.path).includes("bad-form"));
});

test("bodies without a length, without a type, with a type that is none and without anything are files too", async () => {
  for (const [name, type, content] of [
    ["chunked", "application/octet-stream", "chunk"],
    ["no-type", undefined, "typeless"],
    ["odd-type", "no such type", "odd"],
    ["json", "application/json", "{ not json"],
    ["empty", undefined, ""],
  ] as const) {
    const path = join(directory.path, name);
    assert.equal(await postRaw(path, content, { type, chunked: name === "chunked" }), 200);
    assert.equal(readFileSync(path, "utf8"), content);
  }
});

test("what is closed is refused in every spelling, downwards and upwards, and so is what is no file", async () => {
  symlinkSync("/etc", join(directory.path, "etc"));
  symlinkSync(opened.data, join(directory.path, "data"));
  execFileSync("mkfifo", [join(directory.path, "fifo")]);
  const refused = [
    "/etc/passwd",
    "/etc//passwd",
    `${directory.path}/../../etc/passwd`,
    join(directory.path, "etc", "passwd"),
    join(directory.path, "data", "runyard.db"),
    join(opened.data, "keys"),
    "/proc/self/environ",
    "/proc/self/root/etc/passwd",
    "/dev/zero",
    "/var/log/x",
    directory.path,
    join(directory.path, "fifo"),
    "relative",
    "/tmp/a%00b",
    "/tmp/a%0Ab",
  ];
  for (const path of refused) {
    for (const spelled of [path, path.replaceAll("/", "%2F")]) {
      const down = await download(spelled, {}, false);
      assert.equal(down.status, 400, `${spelled}: ${await down.text()}`);
      const up = await fetch(`${opened.url}/appmesh/file/upload`, {
        method: "POST",
        headers: { authorization, "x-file-path": spelled },
        body: "x",
      });
      assert.equal(up.status, 400, `${spelled}: ${await up.text()}`);
    }
  }
  assert.equal((await download(join(directory.path, "missing"))).status, 404);
  assert.equal((await admin.request("GET", "/file/download")).status, 400);
});

test("a path that is meant as it is written is found, too", async () => {
  const path = join(directory.path, "a+b%20c");
  writeFileSync(path, "raw");
  assert.equal(await (await download(path, {}, false)).text(), "raw");
});

test("an existing file is not overwritten, whatever it is", async () => {
  const path = join(directory.path, "taken");
  writeFileSync(path, "first");
  symlinkSync(join(directory.path, "nowhere"), join(directory.path, "dangling"));
  mkdirSync(join(directory.path, "taken-directory"));
  for (const name of ["taken", "dangling", "taken-directory"]) {
    const reply = await upload(join(directory.path, name), "second");
    assert.equal(reply.status, 400);
    assert.match(await reply.text(), /X-File-Path: .*exists already/);
  }
  const below = await upload(join(directory.path, "no-such-directory", "x"), "x");
  assert.match(await below.text(), /no directory .*make it first/);
  assert.equal(readFileSync(path, "utf8"), "first");
});

test("a file beyond the limit is refused with 413, announced or not, and leaves nothing", async () => {
  const path = join(directory.path, "too-large");
  const content = Buffer.alloc(9 * MiB);
  const announced = await upload(path, content);
  assert.equal(announced.status, 413, await announced.text());
  assert.equal(await postRaw(path, content, { chunked: true }), 413);
  const form = new FormData();
  form.append("file", new Blob([content]), "x");
  const reply = await post(path, form);
  assert.equal(reply.status, 413, await reply.text());
  assert.ok(!readdirSync(directory.path).includes("too-large"));
  assert.deepEqual(leftovers(), []);
});

test("a client that leaves in the middle leaves nothing", async () => {
  const path = join(directory.path, "left");
  const outgoing = requestHttp(`${opened.url}/appmesh/file/upload`, {
    method: "POST",
    headers: { authorization, "x-file-path": path, "content-length": String(6 * MiB) },
  });
  outgoing.on("error", () => {});
  outgoing.write(Buffer.alloc(3 * MiB));
  await until(() => leftovers().length === 1);
  outgoing.destroy();
  await until(() => leftovers().length === 0);
  assert.ok(!readdirSync(directory.path).some((name) => name === "left" || name.startsWith(".runyard")));
});

test("a client that leaves a download closes the file, and one whose file shrinks sees the connection break", async () => {
  const path = join(directory.path, "large");
  writeFileSync(path, Buffer.alloc(64 * MiB));
  const isOpen = () => execFileSync("ls", ["-l", `/proc/${process.pid}/fd`], { encoding: "utf8" }).includes(path);
  for (const shrinks of [false, true]) {
    const incoming = await openDownload(path);
    await once(incoming, "readable");
    assert.ok(isOpen());
    if (shrinks) {
      truncateSync(path, MiB);
      await assert.rejects(async () => {
        for await (const _chunk of incoming);
      }, /aborted/);
    } else {
      incoming.destroy();
    }
    await until(() => !isOpen());
  }
});

test("one range is served, several and odd ones are none, and one beyond the end is 416", async () => {
  const path = join(directory.path, "digits");
  writeFileSync(path, "0123456789");
  const etag = (await download(path)).headers.get("etag")!;
  for (const [range, ifRange, status, body, contentRange] of [
    ["bytes=2-4", undefined, 206, "234", "bytes 2-4/10"],
    ["bytes=7-", undefined, 206, "789", "bytes 7-9/10"],
    ["bytes=-3", etag, 206, "789", "bytes 7-9/10"],
    ["bytes=0-99", undefined, 206, "0123456789", "bytes 0-9/10"],
    ["bytes=2-4", '"older"', 200, "0123456789", null],
    ["bytes=1-2,4-5", undefined, 200, "0123456789", null],
    ["bytes=4-2", undefined, 200, "0123456789", null],
    ["lines=1-2", undefined, 200, "0123456789", null],
    ["bytes=-", undefined, 200, "0123456789", null],
    ["bytes=10-", undefined, 416, undefined, "bytes */10"],
    ["bytes=-0", undefined, 416, undefined, "bytes */10"],
  ] as const) {
    const reply = await download(path, { range, ...(ifRange ? { "if-range": ifRange } : {}) });
    const text = await reply.text();
    assert.deepEqual([reply.status, reply.headers.get("content-range")], [status, contentRange], range);
    if (body !== undefined) assert.equal(text, body, range);
  }
  const head = await fetch(`${opened.url}/appmesh/file/download`, {
    method: "HEAD",
    headers: { authorization, "x-file-path": path },
  });
  assert.deepEqual([head.status, head.headers.get("content-length"), await head.text()], [200, "10", ""]);
});

test("an empty file is a file", async () => {
  const path = join(directory.path, "nothing");
  writeFileSync(path, "");
  chmodSync(path, 0o604);
  const reply = await download(path);
  assert.deepEqual([reply.status, reply.headers.get("x-file-mode"), await reply.text()], [200, String(0o604), ""]);
});

test("a mode that is none is refused by its name before anything is read", async () => {
  const reply = await upload(join(directory.path, "mode"), "x", { "x-file-mode": "rwx" });
  assert.equal(reply.status, 400);
  assert.match(await reply.text(), /X-File-Mode/);
});

test("on a full disk an upload is refused with 507 and leaves nothing; a client that has sent everything sees it", async (context) => {
  using disk = mountSmallDisk(context);
  if (disk === undefined) return;
  const reply = await upload(join(disk.path, "large"), Buffer.alloc(6 * MiB));
  assert.equal(reply.status, 507, await reply.text());
  assert.deepEqual([readdirSync(disk.path), leftovers()], [[], []]);
});

test("kill -9 in the middle of an upload leaves no partial file, and the next start none at all", async () => {
  await using yard = await startYard();
  const token = await tokenOf(yard.url);
  using place = temporaryDirectory();
  const path = join(place.path, "target");
  const outgoing = requestHttp(`${yard.url}/appmesh/file/upload`, {
    method: "POST",
    headers: { authorization: token, "x-file-path": path, "content-length": String(8 * MiB) },
  });
  outgoing.on("error", () => {});
  outgoing.write(Buffer.alloc(6 * MiB));
  await until(() => readdirSync(place.path).some((name) => statSync(join(place.path, name)).size >= MiB));
  await yard.kill();
  assert.ok(!readdirSync(place.path).includes("target"));
  await yard.start();
  assert.deepEqual(readdirSync(place.path), []);
});

test("gigabytes would flow in flat memory: 256 MiB down and no more of it held than a few chunks", async () => {
  const path = join(directory.path, "flat");
  writeFileSync(path, "");
  truncateSync(path, 256 * MiB); // a hole: it costs no disk
  await using yard = await startYard();
  const token = await tokenOf(yard.url);
  const rssMiB = () => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${yard.pid}/status`, "utf8"))?.[1]) / 1024;
  const pull = async () => {
    const reply = await fetch(`${yard.url}/appmesh/file/download`, {
      headers: { authorization: token, "x-file-path": path },
    });
    let [bytes, peak] = [0, 0];
    for await (const chunk of reply.body!) {
      bytes += chunk.length;
      peak = Math.max(peak, rssMiB());
    }
    assert.equal(bytes, 256 * MiB);
    return peak;
  };
  await pull(); // the first time also loads code
  const before = rssMiB();
  assert.ok((await pull()) - before < 32);
});

test("uploads and downloads are refused without the permission", async () => {
  await opened.yard.identity.users.create({ username: "viewer", password: "correct horse", roles: ["view"] });
  const viewer = await logIn(opened.url, "viewer", "correct horse");
  for (const [method, path] of [
    ["GET", "/file/download"],
    ["POST", "/file/upload"],
  ] as const) {
    const reply = await viewer.request(method, path, { headers: { "x-file-path": "/etc/passwd" } });
    assert.deepEqual([reply.status, /lacks the permission file-/.test(reply.text)], [400, true], reply.text);
  }
});

async function tokenOf(url: string): Promise<string> {
  const basic = Buffer.from(`admin:${adminPassword}`).toString("base64");
  const reply = await fetch(`${url}/appmesh/login`, { method: "POST", headers: { authorization: `Basic ${basic}` } });
  const { access_token: token } = (await reply.json()) as { access_token: string };
  return `Bearer ${token}`;
}

function download(path: string, headers: Record<string, string> = {}, encoded = true): Promise<Response> {
  const header = encoded ? encodeURIComponent(path) : path;
  return fetch(`${opened.url}/appmesh/file/download`, {
    headers: { authorization, "x-file-path": header, ...headers },
  });
}

function post(path: string, body: string | Buffer | FormData, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${opened.url}/appmesh/file/upload`, {
    method: "POST",
    headers: { authorization, "x-file-path": encodeURIComponent(path), ...headers },
    body,
  });
}

function upload(path: string, content: string | Buffer, headers: Record<string, string> = {}): Promise<Response> {
  return post(path, content, { "content-type": "application/octet-stream", ...headers });
}

/** What `fetch` would not send: no type, an odd one, no length. @returns the status */
async function postRaw(
  path: string,
  content: string | Buffer,
  { type, chunked }: { type?: string; chunked?: boolean },
) {
  const outgoing = requestHttp(`${opened.url}/appmesh/file/upload`, {
    method: "POST",
    headers: {
      authorization,
      "x-file-path": encodeURIComponent(path),
      ...(type ? { "content-type": type } : {}),
      ...(chunked ? {} : { "content-length": String(content.length) }),
    },
  });
  outgoing.end(content);
  const [incoming] = await once(outgoing, "response");
  incoming.resume();
  await once(incoming, "end");
  return incoming.statusCode;
}

async function openDownload(path: string) {
  const outgoing = requestHttp(`${opened.url}/appmesh/file/download`, {
    headers: { authorization, "x-file-path": path },
  });
  outgoing.end();
  const [incoming] = await once(outgoing, "response");
  return incoming;
}

/** Uploads that the yard believes to be under way. */
function leftovers(): string[] {
  return readdirSync(join(opened.data, "uploads"));
}
