import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isYardError } from "../platform/errors.ts";
import { temporaryDirectory } from "../platform/testing/temporary-directory.ts";
import { exportDirectory, importDirectory } from "./host-directory.ts";
import { contentsOf, openTestSnapshots } from "./testing.ts";

const team = "a";

test("a directory goes in and comes out as it was, links as links, and setuid does not survive", async () => {
  using directory = temporaryDirectory();
  const from = join(directory.path, "from");
  mkdirSync(join(from, "sub/empty"), { recursive: true });
  writeFileSync(join(from, "sub/tool"), "#!/bin/sh\n", { mode: 0o755 });
  chmodSync(join(from, "sub/tool"), 0o4755);
  writeFileSync(join(from, "large"), Buffer.alloc(3_000_000, "large"));
  symlinkSync("/etc/passwd", join(from, "outside"));
  symlinkSync("..", join(from, "sub/up"));
  execFileSync("mkfifo", [join(from, "pipe")]);

  await using store = await openTestSnapshots();
  const { snapshots } = store;
  const tree = await snapshots.open(team, snapshots.emptyId);
  assert.deepEqual(await importDirectory(tree, from), { skipped: ["pipe"] });
  const id = await tree.save();
  const { large, ...small } = await contentsOf(snapshots, team, id);
  assert.deepEqual(small, {
    outside: "-> /etc/passwd",
    "sub/": "755",
    "sub/empty/": "755",
    "sub/tool": "755 #!/bin/sh\n",
    "sub/up": "-> ..",
  });
  assert.equal(large, `644 ${"large".repeat(600_000)}`);

  const to = join(directory.path, "to");
  await exportDirectory(await snapshots.open(team, id), to);
  assert.deepEqual(readdirSync(to).sort(), ["large", "outside", "sub"]);
  assert.ok(readFileSync(join(to, "large")).equals(readFileSync(join(from, "large"))));
  assert.equal(readlinkSync(join(to, "outside")), "/etc/passwd");
  assert.equal(statSync(join(to, "sub/tool")).mode & 0o7777, 0o755);
  const again = await snapshots.open(team, snapshots.emptyId);
  await importDirectory(again, to);
  assert.equal(await again.save(), id);
});

test("nothing is written into a directory that holds something, or by way of a link", async () => {
  using directory = temporaryDirectory();
  const [full, target, link] = ["full", "target", "link"].map((name) => join(directory.path, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(full);
  writeFileSync(join(full, "mine"), "mine");
  mkdirSync(target);
  symlinkSync(target, link);
  await using store = await openTestSnapshots();
  const tree = await store.snapshots.open(team, store.snapshots.emptyId);
  await tree.write("mine", Buffer.from("theirs"));
  for (const path of [full, link, join(full, "mine")])
    await assert.rejects(exportDirectory(tree, path), (error) => isYardError(error, "conflict"));
  assert.equal(readFileSync(join(full, "mine"), "utf8"), "mine");
  assert.deepEqual(readdirSync(target), []);
});

test("an import ends at the tree's limits, and what is no directory is refused", async () => {
  using directory = temporaryDirectory();
  for (let i = 0; i < 5; i++) writeFileSync(join(directory.path, `f${i}`), "12345");
  await using store = await openTestSnapshots();
  const { snapshots } = store;
  const few = await snapshots.open(team, snapshots.emptyId, { limits: { maxEntries: 3 } });
  await assert.rejects(importDirectory(few, directory.path), (error) => isYardError(error, "too_large"));
  symlinkSync(directory.path, join(directory.path, "link"));
  assert.equal(lstatSync(join(directory.path, "link")).isSymbolicLink(), true);
  for (const path of ["f0", "link", "missing"])
    await assert.rejects(importDirectory(few, join(directory.path, path)), (error) => isYardError(error, "invalid"));
});
