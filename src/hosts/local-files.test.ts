import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import test from "node:test";
import { isYardError, type YardErrorCode } from "../platform/errors.ts";
import { skipUnless } from "../platform/testing/parts.ts";
import { mountSmallDisk } from "../platform/testing/small-disk.ts";
import { temporaryDirectory } from "../platform/testing/temporary-directory.ts";
import { until } from "../platform/testing/until.ts";
import { withoutRootRights } from "../platform/testing/without-root.ts";
import type { HostFile, HostFiles } from "./host-files.ts";
import { openLocalFiles } from "./local-files.ts";

const plain = { mode: 0o644 };
const MiB = 1024 * 1024;

interface Place extends Disposable {
  /** Open to everybody. */
  readonly open: string;
  /** Closed. */
  readonly closed: string;
  readonly unfinished: string;
  readonly files: HostFiles;
}

async function openPlace(): Promise<Place> {
  const directory = temporaryDirectory();
  const [open, closed] = [join(directory.path, "open"), join(directory.path, "closed")];
  for (const path of [open, closed]) mkdirSync(path);
  writeFileSync(join(closed, "secret"), "secret");
  const unfinished = join(closed, "uploads");
  const files = await openLocalFiles({ closed: ["/proc", "/dev", closed], unfinished });
  return { open, closed, unfinished, files, [Symbol.dispose]: () => directory[Symbol.dispose]() };
}

async function read(files: HostFiles, path: string, range?: { start: number; length: number }): Promise<string> {
  await using file = await files.open(path);
  return (await contentOf(file, range)).toString();
}

async function contentOf(file: HostFile, range = { start: 0, length: file.bytes }): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const target = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _encoding, done) {
      setImmediate(() => {
        chunks.push(Buffer.from(chunk)); // as late as may be: its memory is used again after this
        done();
      });
    },
  });
  await file.sendTo(target, range);
  return Buffer.concat(chunks);
}

async function write(files: HostFiles, path: string, content: string | Buffer, maxBytes = 64 * MiB): Promise<void> {
  await using file = await files.create(path, { maxBytes });
  await pipeline(Readable.from([Buffer.from(content)]), file.content);
  await file.publish(plain);
}

const refused =
  (...codes: YardErrorCode[]) =>
  (error: unknown) => {
    assert.ok(isYardError(error), String(error));
    assert.ok(codes.includes(error.code), `${error.code}: ${error.message}`);
    return true;
  };

test("what was written is read, whole and in part, with its attributes", async () => {
  using place = await openPlace();
  const path = join(place.open, "däta +1");
  await using file = await place.files.create(path, { maxBytes: 100 });
  await pipeline(Readable.from([Buffer.from("hello "), Buffer.from("world")]), file.content);
  assert.equal(existsSync(path), false, "nothing is there before it is whole");
  await file.publish({ mode: 0o4751, user: "no-such-user", group: String(process.getgid?.()) });
  assert.equal(await read(place.files, path), "hello world");
  assert.equal(await read(place.files, path, { start: 3, length: 4 }), "lo w");
  await using opened = await place.files.open(path);
  assert.deepEqual([opened.name, opened.bytes, opened.mode], ["däta +1", 11, 0o751]);
  assert.equal(opened.uid, process.getuid?.());
});

test("larger files, in pieces of any size, arrive as they were", async () => {
  using place = await openPlace();
  const content = Buffer.alloc(5 * MiB + 17, "0123456789abcdef!");
  const pieces = function* () {
    for (let at = 0, size = 1; at < content.length; at += size, size = (size * 7) % 200_003) {
      yield content.subarray(at, at + size); // of shared memory, which is nobody's to give back
    }
  };
  await using file = await place.files.create(join(place.open, "large"), { maxBytes: 8 * MiB });
  await pipeline(Readable.from(pieces()), file.content);
  await file.publish(plain);
  assert.ok(readFileSync(join(place.open, "large")).equals(content));
  await using again = await place.files.open(join(place.open, "large"));
  assert.ok((await contentOf(again)).equals(content));
});

test("only files are read: no directory, device, pipe or socket, and none of them is waited for", async () => {
  using place = await openPlace();
  execFileSync("mkfifo", [join(place.open, "fifo")]);
  const server = createServer().listen(join(place.open, "socket"));
  await once(server, "listening");
  symlinkSync("/dev/zero", join(place.open, "zero"));
  try {
    for (const name of ["", "fifo", "socket"]) {
      await assert.rejects(place.files.open(join(place.open, name)), refused("invalid"), name);
    }
    await assert.rejects(place.files.open(join(place.open, "zero")), refused("forbidden"));
    await assert.rejects(place.files.open("/dev/zero"), refused("forbidden"));
  } finally {
    server.close();
  }
});

for (const { what, path, codes } of [
  { what: "a relative path", path: "a", codes: ["invalid"] },
  { what: "no path", path: "", codes: ["invalid"] },
  { what: "a NUL", path: "/tmp/a\0b", codes: ["invalid"] },
  { what: "a newline", path: "/tmp/a\nb", codes: ["invalid"] },
  { what: "a name that is too long", path: `/tmp/${"x".repeat(300)}`, codes: ["invalid"] },
  { what: "a path that is too long", path: `/${"x/".repeat(5_000)}x`, codes: ["invalid"] },
  { what: "a directory", path: "/tmp/", codes: ["invalid"] },
  { what: "a directory's parent", path: "/tmp/..", codes: ["invalid"] },
  { what: "a file below a file", path: "/tmp/../etc/passwd/x", codes: ["not_found", "invalid"] },
] as const) {
  test(`${what} is refused, for reading and for writing`, async () => {
    using place = await openPlace();
    await assert.rejects(place.files.open(path), refused(...codes));
    await assert.rejects(write(place.files, path, "x"), refused(...codes));
  });
}

test("closed directories stay closed behind every kind of detour", async () => {
  using place = await openPlace();
  const { open, closed } = place;
  symlinkSync(closed, join(open, "link"));
  symlinkSync(join(closed, "secret"), join(open, "file-link"));
  symlinkSync("/proc/self/root", join(open, "root"));
  symlinkSync(join(closed, "made"), join(open, "dangling"));
  linkSync(join(closed, "secret"), join(open, "hard"));
  for (const path of [
    join(closed, "secret"),
    closed,
    join(closed, "missing"),
    `${open}/../closed/secret`,
    `${open}/./..//closed/secret`,
    join(open, "link", "secret"),
    join(open, "file-link"),
    join(open, "root", closed, "secret"),
    `/proc/self/root${closed}/secret`,
    `/proc/${process.pid}/cwd`,
    join(open, "hard"),
  ]) {
    await assert.rejects(place.files.open(path), refused("forbidden"), path);
  }
  for (const path of [
    join(closed, "new"),
    closed,
    `${open}/../closed/new`,
    join(open, "link", "new"),
    join(open, "root", closed, "new"),
  ]) {
    await assert.rejects(write(place.files, path, "x"), refused("forbidden"), path);
  }
  await assert.rejects(write(place.files, join(open, "dangling"), "x"), refused("invalid"));
  assert.deepEqual(readdirSync(closed).sort(), ["secret", "uploads"]);
  assert.deepEqual(readdirSync(place.unfinished), []);
});

test("a file and a directory whose names only begin like a closed one are open", async () => {
  using place = await openPlace();
  mkdirSync(`${place.closed}-not`);
  await write(place.files, `${place.closed}-not/file`, "open");
  assert.equal(await read(place.files, `${place.closed}-not/file`), "open");
});

test("while somebody swaps a directory and a link as fast as possible, nothing closed is read and nothing is written there", async () => {
  using place = await openPlace();
  const { open, closed, files } = place;
  const [real, other] = [join(open, "real"), join(open, "other")];
  mkdirSync(real);
  writeFileSync(join(real, "secret"), "open");
  symlinkSync(closed, other);
  // Two renames through a third name, again and again, in a process of its own.
  const swapper = spawn(process.execPath, [
    "-e",
    `const { renameSync } = require("node:fs"); const [a, b, c] = process.argv.slice(1);
     for (;;) { renameSync(a, c); renameSync(b, a); renameSync(c, b); }`,
    ...[real, other, join(open, "third")],
  ]);
  try {
    const outcomes = new Set<string>();
    for (let turn = 0; turn < 3_000; turn++) {
      const outcome = await read(files, join(real, "secret")).catch((error: unknown) => {
        assert.ok(isYardError(error), String(error));
        return error.code;
      });
      outcomes.add(outcome);
      if (turn % 10 === 0) await write(files, join(real, `new-${turn}`), "x").catch(refused("forbidden", "invalid"));
    }
    assert.ok(!outcomes.has("secret"));
    assert.ok(outcomes.has("open") && outcomes.has("forbidden"), [...outcomes].join());
  } finally {
    swapper.kill("SIGKILL");
    await once(swapper, "exit");
  }
  assert.deepEqual(readdirSync(closed).sort(), ["secret", "uploads"]);
  assert.deepEqual(readdirSync(place.unfinished), []);
});

test("what is there is never overwritten, also if it came while the new file was written", async () => {
  using place = await openPlace();
  const path = join(place.open, "there");
  writeFileSync(path, "first");
  await assert.rejects(write(place.files, path, "second"), refused("invalid"));
  await assert.rejects(write(place.files, join(path, "below"), "second"), refused("invalid"));
  const late = join(place.open, "late");
  {
    await using file = await place.files.create(late, { maxBytes: 10 });
    file.content.end("second");
    await once(file.content, "finish");
    writeFileSync(late, "first");
    await assert.rejects(file.publish(plain), refused("invalid"));
  }
  assert.equal(readFileSync(path, "utf8") + readFileSync(late, "utf8"), "firstfirst");
  assert.deepEqual(readdirSync(place.open).sort(), ["late", "there"]);
});

test("of two who write the same file one wins, whole", async () => {
  using place = await openPlace();
  const path = join(place.open, "one");
  const outcomes = await Promise.allSettled(
    ["a", "b", "c", "d"].map((letter) => write(place.files, path, letter.repeat(100_000))),
  );
  assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
  assert.match(readFileSync(path, "utf8"), /^(?:a+|b+|c+|d+)$/);
  assert.deepEqual(readdirSync(place.open), ["one"]);
});

test("a file beyond its limit, and one that is given up, leave nothing", async () => {
  using place = await openPlace();
  await assert.rejects(write(place.files, join(place.open, "large"), Buffer.alloc(101), 100), refused("too_large"));
  {
    await using file = await place.files.create(join(place.open, "given-up"), { maxBytes: 10 * MiB });
    for (let piece = 0; piece < 3; piece++) file.content.write(Buffer.alloc(MiB));
    assert.deepEqual(readdirSync(place.unfinished).length, 1);
    assert.equal(statSync(join(place.open, readdirSync(place.open)[0]!)).mode & 0o777, 0o600);
  }
  assert.deepEqual([readdirSync(place.open), readdirSync(place.unfinished)], [[], []]);
});

test("what a killed process has left is deleted at the next start, and nothing else", async () => {
  using place = await openPlace();
  const source = `
    import { openLocalFiles } from ${JSON.stringify(import.meta.resolve("./local-files.ts"))};
    const files = await openLocalFiles({ closed: [], unfinished: ${JSON.stringify(place.unfinished)} });
    const file = await files.create(${JSON.stringify(join(place.open, "target"))}, { maxBytes: 1e9 });
    file.content.write(Buffer.alloc(${4 * MiB}));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "--eval", source], { stdio: "inherit" });
  const left = await until(() => readdirSync(place.open).find((name) => statSync(join(place.open, name)).size >= MiB));
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.deepEqual(readdirSync(place.open), [left], "no partial target");
  writeFileSync(join(place.open, ".runyard-upload-somebody-elses"), "");
  writeFileSync(join(place.unfinished, "../../open/.not-ours"), "");
  await openLocalFiles({ closed: [], unfinished: place.unfinished });
  assert.deepEqual(readdirSync(place.open).sort(), [".not-ours", ".runyard-upload-somebody-elses"]);
  assert.deepEqual(readdirSync(place.unfinished), []);
});

test("on a full disk the file is refused with storage_full and nothing is left", async (context) => {
  using disk = mountSmallDisk(context);
  if (disk === undefined) return;
  using place = await openPlace();
  await assert.rejects(write(place.files, join(disk.path, "large"), Buffer.alloc(6 * MiB)), refused("storage_full"));
  assert.deepEqual([readdirSync(disk.path), readdirSync(place.unfinished)], [[], []]);
  await write(place.files, join(disk.path, "small"), "fits");
});

test("a file that becomes shorter while it is read breaks the stream, and one that is deleted does not", async () => {
  using place = await openPlace();
  const [shrinking, deleted] = [join(place.open, "shrinking"), join(place.open, "deleted")];
  for (const path of [shrinking, deleted]) writeFileSync(path, Buffer.alloc(8 * MiB));
  await using file = await place.files.open(shrinking);
  truncateSync(shrinking, MiB);
  await assert.rejects(contentOf(file), refused("interrupted"));
  await using other = await place.files.open(deleted);
  rmSync(deleted);
  assert.equal((await contentOf(other)).length, 8 * MiB);
});

test("a target that is closed in the middle ends the sending", async () => {
  using place = await openPlace();
  const path = join(place.open, "left");
  writeFileSync(path, Buffer.alloc(8 * MiB));
  await using file = await place.files.open(path);
  let taken = 0;
  const target = new Writable({
    write(chunk: Buffer, _encoding, done) {
      taken += chunk.length;
      if (taken < 3 * MiB) done();
      else this.destroy(); // as a socket whose other end has gone: the write is never acknowledged
    },
  });
  await assert.rejects(file.sendTo(target, { start: 0, length: file.bytes }), refused("interrupted"));
  await assert.rejects(file.sendTo(target, { start: 0, length: 1 }), refused("interrupted"));
  assert.equal(taken, 3 * MiB);
});

test("what the yard's user may not read or write is forbidden, not an accident", {
  skip: skipUnless(process.getuid?.() === 0, "root", "run the tests as root"),
}, async () => {
  using place = await openPlace();
  const path = join(place.open, "mine");
  writeFileSync(path, "x", { mode: 0o600 });
  for (const directory of [place.open, place.unfinished]) chmodSync(directory, 0o755);
  for (const directory of [place.closed, dirname(place.open)]) chmodSync(directory, 0o711);
  using _ = withoutRootRights();
  await assert.rejects(place.files.open(path), refused("forbidden"));
});
