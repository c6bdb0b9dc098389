import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { isYardError, type YardErrorCode } from "../errors.ts";
import { temporaryDirectory } from "../testing/temporary-directory.ts";
import { readDirectory } from "./read-directory.ts";
import type { TreeEntry } from "./tree-entry.ts";
import { writeDirectory } from "./write-directory.ts";

const roomy = { maxBytes: 1_000_000, maxEntries: 100 };
const refused = (code: YardErrorCode) => (error: unknown) => isYardError(error, code);

function file(path: string, text = "theirs"): TreeEntry {
  const content = {
    async *[Symbol.asyncIterator]() {
      yield Buffer.from(text);
    },
  };
  return { type: "file", path, mode: 0o644, size: Buffer.byteLength(text), content };
}
const link = (path: string, target: string): TreeEntry => ({ type: "symlink", path, target });
const folder = (path: string, mode = 0o755): TreeEntry => ({ type: "directory", path, mode });

for (const [name, entries] of Object.entries({
  "the directory above": [file("../x")],
  "the directory above, by way of one within": [folder("a"), file("a/../../x")],
  "an absolute path": [file("/tmp/x")],
  "an empty name": [file("")],
  "the root itself": [folder(".")],
  "a name above": [folder("..")],
  "a NUL": [file("a\0b")],
  "a link, and a file by way of it": [link("out", "../outside"), file("out/x")],
  "a link in place of a directory": [folder("out"), link("out", "../outside"), file("out/x")],
  "a directory in place of a link": [link("out", "../outside"), folder("out"), file("out/x")],
  "a file by way of a link to itself": [link("here", "."), file("here/x")],
  "a file twice": [file("x"), file("x")],
  "a file that is longer than announced": [{ ...file("x"), size: 2 } as TreeEntry],
  "a file that is shorter than announced": [{ ...file("x"), size: 200 } as TreeEntry],
  "a link to nowhere": [link("x", "")],
  "a directory that nobody has announced": [file("a/b")],
}))
  test(`entries that lie are refused, and change nothing: ${name}`, async () => {
    using directory = temporaryDirectory();
    mkdirSync(join(directory.path, "outside"));
    for (const made of [false, true]) {
      const to = join(directory.path, "to");
      if (made) mkdirSync(to);
      await assert.rejects(writeDirectory(to, Readable.from([file("first"), ...entries]), roomy), refused("invalid"));
      assert.deepEqual(readdirSync(directory.path), made ? ["outside", "to"] : ["outside"]);
      if (made) assert.deepEqual(readdirSync(to), []);
      assert.deepEqual(readdirSync(join(directory.path, "outside")), []);
    }
  });

test("a source that fails leaves nothing", async () => {
  using directory = temporaryDirectory();
  const to = join(directory.path, "to");
  const failing = async function* () {
    yield folder("a");
    yield file("a/b");
    throw new Error("broke off");
  };
  await assert.rejects(writeDirectory(to, failing(), roomy), /broke off/);
  assert.deepEqual(readdirSync(directory.path), []);
});

test("nothing is written into a directory that holds something, or by way of a link", async () => {
  using directory = temporaryDirectory();
  const [full, target, way] = ["full", "target", "way"].map((name) => join(directory.path, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(full);
  writeFileSync(join(full, "mine"), "mine");
  mkdirSync(target);
  symlinkSync(target, way);
  for (const path of [full, way, join(full, "mine")])
    await assert.rejects(writeDirectory(path, Readable.from([file("mine")]), roomy), refused("conflict"));
  assert.equal(readFileSync(join(full, "mine"), "utf8"), "mine");
  assert.deepEqual(readdirSync(target), []);
});

test("what somebody else puts into the directory meanwhile stays, and nothing comes beside it", async () => {
  using directory = temporaryDirectory();
  const to = join(directory.path, "to");
  mkdirSync(to);
  const slow = async function* () {
    yield file("a");
    writeFileSync(join(to, "a"), "mine");
  };
  await assert.rejects(writeDirectory(to, slow(), roomy), refused("conflict"));
  assert.deepEqual(readdirSync(to), ["a"]);
  assert.equal(readFileSync(join(to, "a"), "utf8"), "mine");
});

test("links and modes are as they were, of directories that nothing can be written to as well", async () => {
  using directory = temporaryDirectory();
  const to = join(directory.path, "to");
  const entries = [folder("closed", 0o500), folder("closed/in", 0o511), file("closed/in/a"), link("closed/l", "/etc")];
  assert.deepEqual(await writeDirectory(to, Readable.from(entries), roomy), { entries: 4, bytes: 6 });
  assert.equal(statSync(join(to, "closed")).mode & 0o7777, 0o500);
  assert.equal(statSync(join(to, "closed/in")).mode & 0o7777, 0o511);
  assert.equal(readlinkSync(join(to, "closed/l")), "/etc");
  assert.deepEqual(readdirSync(to), ["closed"]);
});

test("a tree beyond the limits is refused", async () => {
  using directory = temporaryDirectory();
  const entries = () => Readable.from([file("a"), file("b"), file("c")]);
  for (const limits of [
    { maxBytes: 12, maxEntries: 9 },
    { maxBytes: 99, maxEntries: 2 },
  ])
    await assert.rejects(writeDirectory(join(directory.path, "to"), entries(), limits), refused("too_large"));
  assert.deepEqual(readdirSync(directory.path), []);
});

test("a directory that is none cannot be read", async () => {
  using directory = temporaryDirectory();
  writeFileSync(join(directory.path, "file"), "");
  symlinkSync(directory.path, join(directory.path, "link"));
  for (const name of ["file", "link", "missing"])
    await assert.rejects(readDirectory(join(directory.path, name), { onSkipped: () => {} }).next(), refused("invalid"));
});

test("a file that becomes shorter while it is read is not passed off as whole", async () => {
  using directory = temporaryDirectory();
  writeFileSync(join(directory.path, "a"), "0123456789");
  await assert.rejects(async () => {
    for await (const entry of readDirectory(directory.path, { onSkipped: () => {} })) {
      writeFileSync(join(directory.path, "a"), "0");
      if (entry.type === "file") for await (const _part of entry.content);
    }
  }, refused("interrupted"));
});
