import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { isYardError } from "../platform/errors.ts";
import { temporaryDirectory } from "../platform/testing/temporary-directory.ts";
import { readDirectory } from "../platform/trees/read-directory.ts";
import { readTar, writeTar } from "../platform/trees/tar.ts";
import type { TreeEntry } from "../platform/trees/tree-entry.ts";
import { writeDirectory } from "../platform/trees/write-directory.ts";
import { contentsOf, openTestSnapshots } from "./testing.ts";
import { addEntries, entriesOf, listTree } from "./tree-entries.ts";

const team = "a";
const roomy = { maxBytes: 100_000_000, maxEntries: 100 };
const noSkip = { onSkipped: (path: string) => assert.fail(`${path} was skipped`) };

test("a directory goes in and comes out as it was, also as an archive; links as links, and setuid does not survive", async () => {
  using directory = temporaryDirectory();
  const from = join(directory.path, "from");
  mkdirSync(join(from, "sub/empty"), { recursive: true });
  writeFileSync(join(from, "sub/tool"), "#!/bin/sh\n", { mode: 0o755 });
  chmodSync(join(from, "sub/tool"), 0o4755);
  writeFileSync(join(from, "größe 🦊\n"), "");
  mkdirSync(join(from, "x".repeat(200), "y".repeat(200)), { recursive: true });
  writeFileSync(join(from, "large"), Buffer.alloc(3_000_000, "large"));
  symlinkSync("/etc/passwd", join(from, "outside"));
  symlinkSync(`${"../".repeat(60)}größe`, join(from, "sub/up"));
  chmodSync(join(from, "sub"), 0o550);
  execFileSync("mkfifo", [join(from, "pipe")]);

  await using store = await openTestSnapshots();
  const { snapshots } = store;
  const skipped: string[] = [];
  const tree = await snapshots.open(team, snapshots.emptyId);
  await addEntries(tree, readDirectory(from, { onSkipped: (path) => skipped.push(path) }));
  assert.deepEqual(skipped, ["pipe"]);
  const id = await tree.save();
  const { large, ...small } = await contentsOf(snapshots, team, id);
  assert.deepEqual(small, {
    outside: "-> /etc/passwd",
    "größe 🦊\n": "644 ",
    "sub/": "550",
    "sub/empty/": "755",
    "sub/tool": "755 #!/bin/sh\n",
    "sub/up": `-> ${"../".repeat(60)}größe`,
    [`${"x".repeat(200)}/`]: "755",
    [`${"x".repeat(200)}/${"y".repeat(200)}/`]: "755",
  });
  assert.equal(large, `644 ${"large".repeat(600_000)}`);

  const to = join(directory.path, "to");
  await writeDirectory(to, readTar(writeTar(entriesOf(await snapshots.open(team, id))), roomy), roomy);
  assert.ok(readFileSync(join(to, "large")).equals(readFileSync(join(from, "large"))));
  assert.equal(statSync(join(to, "sub/tool")).mode & 0o7777, 0o755);
  assert.ok(lstatSync(join(to, "outside")).isSymbolicLink());
  const again = await snapshots.open(team, snapshots.emptyId);
  await addEntries(again, readTar(writeTar(readDirectory(to, noSkip)), roomy));
  assert.equal(await again.save(), id);
});

test("archives of other programs go in: GNU tar's, of a whole directory, with long names and without the parents", async () => {
  using directory = temporaryDirectory();
  const deep = `${"d".repeat(80)}/${"e".repeat(120)}`;
  mkdirSync(join(directory.path, deep), { recursive: true });
  writeFileSync(join(directory.path, deep, "f"), "deep");
  symlinkSync("l".repeat(150), join(directory.path, "link"));
  await using store = await openTestSnapshots();
  const { snapshots } = store;
  for (const args of [["."], [`${deep}/f`, "link"]])
    for (const format of ["gnu", "pax"]) {
      const bytes = execFileSync("tar", ["-c", `--format=${format}`, "-C", directory.path, ...args]);
      const tree = await snapshots.open(team, snapshots.emptyId);
      await addEntries(tree, readTar(Readable.from([bytes]), roomy));
      assert.equal((await tree.read(`${deep}/f`)).toString(), "deep");
      assert.equal(await tree.readlink("link"), "l".repeat(150));
    }
});

const file = (path: string): TreeEntry => ({ type: "file", path, mode: 0o644, size: 1, content: Readable.from(["x"]) });
const link = (path: string, target: string): TreeEntry => ({ type: "symlink", path, target });
const folder = (path: string): TreeEntry => ({ type: "directory", path, mode: 0o755 });

for (const [name, entries] of [
  ["a file twice", [file("a"), file("a")]],
  ["a file over a link", [link("a", "b"), file("a")]],
  ["a link over a directory", [folder("a"), link("a", "b")]],
  ["a file beneath a link", [folder("b"), link("a", "b"), file("a/c")]],
  ["a file beneath a file", [file("a"), file("a/b")]],
] as const)
  test(`a tree takes no entries that are at odds with each other: ${name}`, async () => {
    await using store = await openTestSnapshots();
    const tree = await store.snapshots.open(team, store.snapshots.emptyId);
    await assert.rejects(addEntries(tree, Readable.from(entries)), (error) => isYardError(error, "invalid"));
  });

test("an import ends at the tree's limits", async () => {
  using directory = temporaryDirectory();
  for (let i = 0; i < 5; i++) writeFileSync(join(directory.path, `f${i}`), "12345");
  await using store = await openTestSnapshots();
  const { snapshots } = store;
  for (const limits of [{ maxEntries: 3 }, { maxBytes: 12 }]) {
    const tree = await snapshots.open(team, snapshots.emptyId, { limits });
    await assert.rejects(addEntries(tree, readDirectory(directory.path, noSkip)), (error) =>
      isYardError(error, "too_large"),
    );
  }
  assert.deepEqual(readdirSync(directory.path).length, 5);
});

test("a list goes on behind any of its entries, be they still there or not", async () => {
  await using store = await openTestSnapshots();
  const tree = await store.snapshots.open(team, store.snapshots.emptyId);
  for (const path of ["a/b/c", "a/b.d", "a.e", "f"]) {
    await tree.mkdir(path.split("/").slice(0, -1).join("/") || "/", { recursive: true });
    await tree.write(path, Buffer.from("x"));
  }
  const listed = async (after?: string) => {
    const paths: string[] = [];
    for await (const { path } of listTree(tree, "", after?.split("/"))) paths.push(path);
    return paths;
  };
  const all = await listed();
  assert.deepEqual(all, ["a", "a/b", "a/b/c", "a/b.d", "a.e", "f"]);
  for (const [index, path] of all.entries()) assert.deepEqual(await listed(path), all.slice(index + 1), path);
  assert.deepEqual(await listed("a/b/zz"), ["a/b.d", "a.e", "f"]);
});
