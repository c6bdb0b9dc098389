/** What is large, or full: many entries, many bytes, no room. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openFileBlobStore } from "../platform/blobs/file-store.ts";
import { systemClock as clock } from "../platform/clock.ts";
import { openTestDatabase } from "../platform/db/testing.ts";
import { isYardError } from "../platform/errors.ts";
import { mountSmallDisk } from "../platform/testing/small-disk.ts";
import { nextChunkBytes } from "./chunker.ts";
import { openSnapshots } from "./snapshots.ts";
import { openTestSnapshots } from "./testing.ts";

const team = "a";
const name = (i: number) => `file-${(i * 7_919) % 3_001}`;

test("a directory of 3,000 entries is one in any order, and a change of one of them stores little", async () => {
  await using store = await openTestSnapshots();
  const { snapshots } = store;
  const tree = await snapshots.open(team, snapshots.emptyId);
  for (let i = 0; i < 3_000; i++) await tree.write(name(i), Buffer.from(`${i}`));
  const id = await tree.save();
  const backwards = await snapshots.open(team, snapshots.emptyId);
  await backwards.write("gone", Buffer.of());
  for (let i = 2_999; i >= 0; i--) await backwards.write(name(i), Buffer.from(`${i}`));
  await backwards.rm("gone");
  assert.equal(await backwards.save(), id);

  const before = store.blobBytes();
  const changed = await store.reopen().open(team, id);
  assert.equal((await changed.readdir("")).length, 3_000);
  await changed.write(name(1_500), Buffer.from("changed"));
  const changedId = await changed.save();
  assert.ok(store.blobBytes() - before < 40_000, String(store.blobBytes() - before));
  assert.equal((await store.reopen().readFile(team, changedId, name(1_500))).toString(), "changed");
  assert.equal((await store.reopen().readFile(team, changedId, name(2_999))).toString(), "2999");

  await changed.write(name(1), Buffer.from("theirs"));
  const merge = await snapshots.merge(team, { base: id, ours: changedId, theirs: await changed.save() });
  assert.deepEqual(merge, { status: "merged", id: await changed.save() });
});

test("what is written beyond what memory may hold is read back as it was, saved or not", async () => {
  await using store = await openTestSnapshots();
  const { snapshots } = store;
  const tree = await snapshots.open(team, snapshots.emptyId);
  const content = (i: number) => Buffer.alloc(3_000_000, `content ${i} `);
  for (let i = 0; i < 20; i++) await tree.write(`f${i}`, content(i));
  await tree.append("f0", Buffer.from("end"));
  for (let i = 1; i < 20; i++) assert.ok((await tree.read(`f${i}`)).equals(content(i)));
  const id = await tree.save();
  const read = await store.reopen().readFile(team, id, "f0", { offset: 2_999_995 });
  assert.deepEqual(read, Buffer.concat([content(0).subarray(2_999_995), Buffer.from("end")]));
});

test("chunks are of the promised sizes, and are found again behind bytes that were put before them", () => {
  const bytes = randomBytes(8_000_000);
  const cut = (content: Buffer) => {
    const ends: number[] = [];
    for (let at = 0; at < content.length; ) {
      const length = nextChunkBytes(content.subarray(at), true)!;
      at += length;
      ends.push(at);
      if (at < content.length) assert.ok(length > 256 * 1024 && length <= 4 * 1024 ** 2, String(length));
    }
    return ends;
  };
  const ends = cut(bytes);
  const shifted = cut(Buffer.concat([Buffer.from("some bytes"), bytes])).map((end) => end - 10);
  assert.ok(ends.length >= 3);
  assert.deepEqual(shifted.slice(-2), ends.slice(-2));
  assert.deepEqual(cut(Buffer.alloc(9 * 1024 ** 2)).slice(0, 2), [4 * 1024 ** 2, 8 * 1024 ** 2]);
});

test("on a full disk a save fails clearly, what was saved can be read, and it heals", async (context) => {
  using disk = mountSmallDisk(context);
  if (disk === undefined) return;
  const directory = join(disk.path, "blobs");
  mkdirSync(directory);
  await using database = await openTestDatabase("sqlite");
  await using blobs = await openFileBlobStore({ directory, clock });
  const snapshots = openSnapshots({ database, blobs, clock, cacheBytes: 0 });
  const tree = await snapshots.open(team, snapshots.emptyId);
  await tree.write("small", Buffer.from("small"));
  const saved = await tree.save();
  await tree.write("large", randomBytes(6 * 1024 ** 2));
  await assert.rejects(tree.save(), (error) => isYardError(error, "storage_full"));
  assert.equal((await snapshots.readFile(team, saved, "small")).toString(), "small");
  await tree.rm("large");
  assert.equal(await tree.save(), saved);
  await tree.write("other", Buffer.from("other"));
  assert.equal((await snapshots.readFile(team, await tree.save(), "other")).toString(), "other");
});
