import assert from "node:assert/strict";
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { systemClock } from "../clock.ts";
import { isYardError } from "../errors.ts";
import { killAfterLines } from "../testing/killed-program.ts";
import { mountSmallDisk } from "../testing/small-disk.ts";
import { temporaryDirectory } from "../testing/temporary-directory.ts";
import type { BlobStore } from "./blob-store.ts";
import { describeBlobStore } from "./conformance.ts";
import { openFileBlobStore } from "./file-store.ts";

const open = (directory: string) => openFileBlobStore({ directory, clock: systemClock });
const from = (content: string | Uint8Array) => Readable.from([Buffer.from(content)]);

/** Every file below the store's `objects`. */
function filesIn(directory: string): string[] {
  const objects = join(directory, "objects");
  const entries = readdirSync(objects, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

describeBlobStore("files", async () => {
  const directory = temporaryDirectory();
  const store = await open(directory.path);
  return {
    ...store,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      directory[Symbol.dispose]();
    },
  };
});

test("replaced, deleted and failed blobs leave no file behind, and files are for their owner only", async () => {
  using directory = temporaryDirectory();
  await using store = await open(directory.path);
  await store.put("kept", from("1"));
  await store.put("kept", from("2"));
  await store.put("deleted", from("3"));
  await store.delete("deleted");
  await assert.rejects(store.put("large", from("456"), { maxBytes: 2 }));
  const files = filesIn(directory.path);
  assert.equal(files.length, 1);
  for (const path of [...files, join(directory.path, "index.db")]) assert.equal(statSync(path).mode & 0o077, 0, path);
});

test("what was stored is there after closing and opening again", async () => {
  using directory = temporaryDirectory();
  {
    await using store = await open(directory.path);
    await store.put("key", from("content"), { contentType: "text/plain" });
  }
  await using store = await open(directory.path);
  assert.equal(await text((await store.get("key")).stream), "content");
  assert.equal((await store.head("key")).contentType, "text/plain");
});

test("a second opening is refused while the first one lasts", async () => {
  using directory = temporaryDirectory();
  await using _store = await open(directory.path);
  await assert.rejects(open(directory.path), (error) => isYardError(error, "unavailable"));
});

test("after a kill -9 what was acknowledged is there, and unfinished files are gone", async () => {
  using directory = temporaryDirectory();
  for (let round = 0; round < 3; round++) {
    const acknowledged = await killWhileStoring(directory.path, 20 + 7 * round);
    await using store = await open(directory.path);
    for (const key of acknowledged) assert.equal(await text((await store.get(key)).stream), key.repeat(10_000));
    const listed = await store.list("", { limit: 1_000 });
    assert.equal(filesIn(directory.path).length, listed.length);
    for (const { key } of listed) await store.delete(key);
  }
});

test("on a full disk a put fails clearly and leaves nothing, reads and deletes work, and it heals", async (context) => {
  using disk = mountSmallDisk(context);
  if (disk === undefined) return;
  const directory = join(disk.path, "blobs");
  mkdirSync(directory);
  await using store = await open(directory);
  const stored = await fill(store);
  assert.ok(stored.length > 2);
  assert.equal(filesIn(directory).length, stored.length);

  assert.equal((await text((await store.get(stored[0]!)).stream)).length, 100_000);
  for (const key of stored) await store.delete(key);
  assert.equal(filesIn(directory).length, 0);
  await store.put("healed", from(Buffer.alloc(100_000)));
});

/** Stores blobs until the disk is full. @returns their keys */
async function fill(store: BlobStore): Promise<string[]> {
  const stored: string[] = [];
  for (let bytes = 100_000; bytes >= 1_000; ) {
    const key = `fill ${stored.length}`;
    try {
      await store.put(key, from(Buffer.alloc(bytes, "x")));
      stored.push(key);
    } catch (error) {
      assert.ok(isYardError(error, "storage_full"), String(error));
      await assert.rejects(store.head(key), (missing) => isYardError(missing, "not_found"));
      bytes = Math.floor(bytes / 2);
    }
    assert.ok(stored.length < 1_000);
  }
  return stored;
}

/** Stores blobs, some at the same time, in a process that is killed meanwhile. @returns the keys it had reported as stored, at least `count` */
async function killWhileStoring(directory: string, count: number): Promise<readonly string[]> {
  const source = `
    import { Readable } from "node:stream";
    import { openFileBlobStore } from ${JSON.stringify(import.meta.resolve("./file-store.ts"))};
    const store = await openFileBlobStore({ directory: ${JSON.stringify(directory)}, clock: { now: Date.now, monotonic: Date.now } });
    for (let i = 0; ; i += 3) {
      await Promise.all([i, i + 1, i + 2].map(async (n) => {
        const key = "key " + n;
        await store.put(key, Readable.from([Buffer.from(key.repeat(10_000))]));
        process.stdout.write(key + "\\n");
      }));
    }`;
  return killAfterLines(count, source);
}
