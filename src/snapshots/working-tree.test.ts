import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { contentsOf, openTestSnapshots } from "./testing.ts";
import { isTreeError, type TreeErrno } from "./tree-error.ts";
import type { WorkingTree } from "./working-tree.ts";

const team = "team_a";
const text = async (tree: WorkingTree, path: string) => (await tree.read(path)).toString();
const fails = (work: Promise<unknown>, errno: TreeErrno) =>
  assert.rejects(work, (error) => isTreeError(error, errno), errno);
const names = async (tree: WorkingTree, path = "") => (await tree.readdir(path)).map(({ name }) => name);

test("a tree reads its own writes, its snapshot has them, and the snapshot beneath stays as it was", async () => {
  await using store = await openTestSnapshots();
  const { snapshots } = store;
  const first = await snapshots.open(team, snapshots.emptyId);
  await first.mkdir("a/b", { recursive: true });
  await first.write("a/b/file", Buffer.from("one"), { mode: 0o600 });
  await first.symlink("b/file", "a/link");
  const id = await first.save();

  const second = await snapshots.open(team, id);
  await second.append("a/link", Buffer.from(" two"));
  await second.truncate("a/b/file", 6);
  assert.equal(await text(second, "/a/b/file"), "one tw");
  await second.chmod("a/b", 0o4700);
  await second.rename("a/b/file", "moved");
  await second.rm("a/link");
  assert.equal(await text(second, "moved"), "one tw");
  const changed = await second.save();

  assert.deepEqual(await contentsOf(snapshots, team, id), {
    "a/": "755",
    "a/b/": "755",
    "a/b/file": "600 one",
    "a/link": "-> b/file",
  });
  assert.deepEqual(await contentsOf(store.reopen(), team, changed), {
    "a/": "755",
    "a/b/": "700",
    moved: "600 one tw",
  });
});

test("an id follows from the tree, not from how it came to be", async () => {
  await using store = await openTestSnapshots();
  const { snapshots } = store;
  const one = await snapshots.open(team, snapshots.emptyId);
  await one.write("x", Buffer.from("x"));
  await one.write("y", Buffer.from("y"));
  const other = await snapshots.open(team, snapshots.emptyId);
  await other.write("y", Buffer.from("not yet"));
  await other.write("gone", Buffer.from("gone"));
  await other.save();
  await other.write("x", Buffer.from("x"));
  await other.rm("gone");
  await other.truncate("y", 0);
  await other.append("y", Buffer.from("y"));
  const id = await one.save();
  assert.equal(await other.save(), id);
  assert.equal(await other.save(), id);
  for (const name of ["x", "y"]) await one.rm(name);
  assert.equal(await one.save(), snapshots.emptyId);
});

test("paths cannot leave the root, and neither can links", async () => {
  await using store = await openTestSnapshots();
  const tree = await store.snapshots.open(team, store.snapshots.emptyId);
  await tree.write("../../etc/../passwd", Buffer.from("ours"));
  assert.deepEqual(await names(tree), ["passwd"]);
  await tree.mkdir("d");
  await tree.symlink("../../../../passwd", "d/up");
  await tree.symlink("/passwd", "d/absolute");
  await tree.symlink("..", "d/parent");
  for (const path of ["d/up", "d/absolute", "d/parent/passwd", "/./d//parent/passwd"])
    assert.equal(await text(tree, path), "ours");
  await tree.write("d/absolute", Buffer.from("changed"));
  assert.equal(await text(tree, "passwd"), "changed");
  assert.equal((await tree.lstat("d/absolute")).type, "symlink");
});

test("what cannot be done fails with the errno that POSIX has for it, and changes nothing", async () => {
  await using store = await openTestSnapshots();
  const tree = await store.snapshots.open(team, store.snapshots.emptyId);
  await tree.mkdir("dir/sub", { recursive: true });
  await tree.write("file", Buffer.from("file"));
  await tree.symlink("loop-b", "loop-a");
  await tree.symlink("loop-a", "loop-b");
  await tree.symlink("nowhere", "dangling");
  const before = await tree.save();
  await fails(tree.read("missing"), "ENOENT");
  await fails(tree.read("dangling"), "ENOENT");
  await fails(tree.read("file/x"), "ENOTDIR");
  await fails(tree.read("dir"), "EISDIR");
  await fails(tree.read("loop-a"), "ELOOP");
  await fails(tree.readdir("file"), "ENOTDIR");
  await fails(tree.readlink("file"), "EINVAL");
  await fails(tree.write("dir", Buffer.of()), "EISDIR");
  await fails(tree.write("", Buffer.of()), "EISDIR");
  await fails(tree.write("no/parent", Buffer.of()), "ENOENT");
  await fails(tree.write("nul\0", Buffer.of()), "EINVAL");
  await fails(tree.write("\ud800", Buffer.of()), "EINVAL");
  await fails(tree.write("x".repeat(256), Buffer.of()), "ENAMETOOLONG");
  await fails(tree.write("x/".repeat(3_000), Buffer.of()), "ENAMETOOLONG");
  await fails(tree.mkdir("dir"), "EEXIST");
  await fails(tree.symlink("x", "file"), "EEXIST");
  await fails(tree.symlink("", "empty"), "EINVAL");
  await fails(tree.rm("dir"), "ENOTEMPTY");
  await fails(tree.rm("/", { recursive: true }), "EINVAL");
  await fails(tree.rm("missing"), "ENOENT");
  await fails(tree.rename("dir", "dir/sub/inside"), "EINVAL");
  await fails(tree.rename("dir/sub", "dir"), "ENOTEMPTY");
  await fails(tree.rename("dir/sub", "file"), "ENOTDIR");
  await fails(tree.rename("file", "dir/sub"), "EISDIR");
  await fails(tree.rename("missing", "x"), "ENOENT");
  await fails(tree.truncate("file", -1), "EINVAL");
  await fails(tree.chmod("/", 0o700), "EINVAL");
  assert.equal(await tree.save(), before);
});

test("equal directories in two places are two places", async () => {
  await using store = await openTestSnapshots();
  const tree = await store.snapshots.open(team, store.snapshots.emptyId);
  for (const directory of ["a", "b"]) {
    await tree.mkdir(directory);
    await tree.write(`${directory}/f`, Buffer.from("same"));
  }
  const again = await store.reopen().open(team, await tree.save());
  await again.rename("a/f", "b/f");
  assert.deepEqual([await names(again, "a"), await names(again, "b")], [[], ["f"]]);
});

test("a tree grows to its limits and no further; making it smaller is always possible", async () => {
  await using store = await openTestSnapshots();
  const { snapshots } = store;
  const limits = { maxBytes: 100, maxEntries: 4, maxReadBytes: 50 };
  const tree = await snapshots.open(team, snapshots.emptyId, { limits });
  await tree.write("a", Buffer.alloc(60));
  await fails(tree.write("b", Buffer.alloc(41)), "ENOSPC");
  await fails(tree.append("a", Buffer.alloc(41)), "ENOSPC");
  await fails(tree.truncate("a", 101), "ENOSPC");
  await fails(tree.read("a"), "EFBIG");
  assert.equal((await tree.read("a", { offset: 10, length: 50 })).length, 50);
  await tree.truncate("a", 100);
  await fails(tree.mkdir("1/2/3/4", { recursive: true }), "ENOSPC");
  await tree.mkdir("1/2/3", { recursive: true });
  await fails(tree.symlink("x", "y"), "ENOSPC");
  const id = await tree.save();
  const narrow = await snapshots.open(team, id, { limits: { maxBytes: 10, maxEntries: 1 } });
  await narrow.truncate("a", 50);
  await narrow.rm("1", { recursive: true });
  async function* endless() {
    for (;;) yield Buffer.alloc(1_000);
  }
  await fails(tree.writeFrom("stream", endless()), "ENOSPC");
});

test("with implicit directories parents come and go with what they hold", async () => {
  await using store = await openTestSnapshots();
  const { snapshots } = store;
  const tree = await snapshots.open(team, snapshots.emptyId, { directories: "implicit" });
  await tree.mkdir("nothing");
  await fails(tree.stat("nothing"), "ENOENT");
  await tree.write("a/b/c", Buffer.from("c"));
  await tree.rename("a/b/c", "a/x/y");
  assert.deepEqual(await names(tree, "a"), ["x"]);
  await tree.rm("a/x/y");
  assert.deepEqual(await names(tree), []);
  assert.equal(await tree.save(), snapshots.emptyId);
});

test("operations that are called together happen one after the other", async () => {
  await using store = await openTestSnapshots();
  const tree = await store.snapshots.open(team, store.snapshots.emptyId);
  await tree.write("log", Buffer.of());
  await Promise.all(Array.from({ length: 50 }, (_, i) => tree.append("log", Buffer.from(`${i}\n`))));
  assert.equal(await text(tree, "log"), Array.from({ length: 50 }, (_, i) => `${i}\n`).join(""));
});

test("one byte in the middle of 10 MB costs little, and so does an append", async () => {
  await using store = await openTestSnapshots();
  const { snapshots } = store;
  const content = randomBytes(10_000_000);
  const tree = await snapshots.open(team, snapshots.emptyId);
  await tree.write("large", content);
  await tree.save();
  const before = store.blobBytes();
  content[5_000_000]! ^= 1;
  await tree.write("large", Buffer.concat([content.subarray(0, 5_000_000), Buffer.of(7), content.subarray(5_000_000)]));
  await tree.save();
  const changed = store.blobBytes() - before;
  assert.ok(changed > 0 && changed < 4_500_000, String(changed));
  await tree.append("large", Buffer.from("end"));
  const id = await tree.save();
  const read = await store.reopen().readFile(team, id, "large", { offset: 4_999_999 });
  assert.ok(
    read.equals(
      Buffer.concat([
        content.subarray(4_999_999, 5_000_000),
        Buffer.of(7),
        content.subarray(5_000_000),
        Buffer.from("end"),
      ]),
    ),
  );
});

test("a stream gives the id that writing it at once gives, or in parts", async () => {
  await using store = await openTestSnapshots();
  const { snapshots } = store;
  const block = randomBytes(1_000_003);
  async function* blocks() {
    for (let i = 0; i < 40; i++) yield block;
  }
  const streamed = await snapshots.open(team, snapshots.emptyId);
  await streamed.writeFrom("large", blocks());
  const written = await snapshots.open(team, snapshots.emptyId);
  await written.write("large", Buffer.concat(Array.from({ length: 20 }, () => block)));
  await written.append("large", Buffer.concat(Array.from({ length: 21 }, () => block)));
  await written.truncate("large", 40 * block.length);
  assert.equal(await written.save(), await streamed.save());
  assert.ok((await streamed.read("large", { offset: 39 * block.length })).equals(block));
});

/** Random edits, against a map of paths to contents. */
type Edit =
  | { readonly op: "write" | "append"; readonly path: string; readonly bytes: number }
  | { readonly op: "truncate"; readonly path: string; readonly bytes: number }
  | { readonly op: "rm" | "save"; readonly path: string }
  | { readonly op: "rename"; readonly path: string; readonly to: string };

const path = fc
  .array(fc.constantFrom("a", "b", "c", "é", "z".repeat(200)), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join("/"));
const bytes = fc.oneof(fc.nat(200), fc.constantFrom(65_536, 65_537, 400_000, 1_500_000));
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ op: fc.constantFrom("write" as const, "append" as const, "truncate" as const), path, bytes }),
  fc.record({ op: fc.constantFrom("rm" as const, "save" as const), path }),
  fc.record({ op: fc.constant("rename" as const), path, to: path }),
);

/** The same bytes at each run, and not all alike. */
const noise = randomBytes(2_000_000);

function applyToModel(model: Map<string, Buffer>, change: Edit): boolean {
  const at = (path: string) => model.get(path);
  const isTaken = (path: string) =>
    [...model.keys()].some((key) => key.startsWith(`${path}/`) || path.startsWith(`${key}/`));
  switch (change.op) {
    case "save":
      return true;
    case "write":
    case "append": {
      if (isTaken(change.path)) return false;
      const before = change.op === "append" ? at(change.path) : undefined;
      model.set(change.path, Buffer.concat([before ?? Buffer.of(), noise.subarray(0, change.bytes)]));
      return true;
    }
    case "truncate": {
      const content = at(change.path);
      if (content === undefined) return false;
      model.set(change.path, Buffer.concat([content, Buffer.alloc(change.bytes)]).subarray(0, change.bytes));
      return true;
    }
    case "rm":
      return model.delete(change.path);
    case "rename": {
      const content = at(change.path);
      if (content === undefined) return false;
      if (change.path === change.to) return true;
      if (isTaken(change.to)) return false;
      model.delete(change.path);
      model.set(change.to, content);
      return true;
    }
  }
}

async function applyToTree(tree: WorkingTree, change: Edit): Promise<void> {
  if (change.op === "save") await tree.save();
  else if (change.op === "write") await tree.write(change.path, noise.subarray(0, change.bytes));
  else if (change.op === "append") await tree.append(change.path, noise.subarray(0, change.bytes));
  else if (change.op === "truncate") await tree.truncate(change.path, change.bytes);
  else if (change.op === "rename") await tree.rename(change.path, change.to);
  else await tree.rm(change.path);
}

test("whatever is done to a tree, it is what a map of files is, before and after saving; and equal maps have equal ids", async () => {
  await using store = await openTestSnapshots();
  const { snapshots } = store;
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { maxLength: 25 }), async (edits) => {
      const model = new Map<string, Buffer>();
      const tree = await snapshots.open(team, snapshots.emptyId, { directories: "implicit" });
      for (const change of edits) {
        const [isFile, snapshot] = [applyToModel(model, change), [...model.keys()]];
        // Renaming directories is not in the model: only files are renamed and removed here.
        const isDirectory = (await tree.lstat(change.path).catch(() => undefined))?.type === "directory";
        if (isDirectory && (change.op === "rename" || change.op === "rm")) continue;
        const done = await applyToTree(tree, change).then(
          () => true,
          (error) => {
            assert.ok(isTreeError(error), String(error));
            return false;
          },
        );
        assert.equal(done, isFile, `${JSON.stringify(change)} of ${JSON.stringify(snapshot)}`);
      }
      const id = await tree.save();
      const read = await store.reopen().open(team, id);
      for (const [file, content] of model) {
        assert.ok((await tree.read(file)).equals(content), file);
        assert.ok((await read.read(file)).equals(content), file);
      }
      const fresh = await snapshots.open(team, snapshots.emptyId, { directories: "implicit" });
      for (const [file, content] of model) await fresh.write(file, content);
      assert.equal(await fresh.save(), id);
    }),
    { numRuns: 30 },
  );
});
