import assert from "node:assert/strict";
import { test } from "node:test";
import { createTestClock } from "../identity/testing.ts";
import { openFileBlobStore } from "../platform/blobs/file-store.ts";
import { systemClock } from "../platform/clock.ts";
import { openDatabase } from "../platform/db/database.ts";
import { eachDialect } from "../platform/db/testing.ts";
import { killAfterLines } from "../platform/testing/killed-program.ts";
import { temporaryDirectory } from "../platform/testing/temporary-directory.ts";
import { createHeapCollection } from "./heap-collection.ts";
import { createHeapPacks } from "./heap-packs.ts";
import { dayMs, largeBytes, putHeap, requireSound } from "./testing-heaps.ts";

const keepUsedMs = 30 * dayMs;

/** Collects a little at a time, and tells of each pass. */
const collector = (options: unknown, directory: string) => `
  import { openDatabase } from ${JSON.stringify(import.meta.resolve("../platform/db/database.ts"))};
  import { openFileBlobStore } from ${JSON.stringify(import.meta.resolve("../platform/blobs/file-store.ts"))};
  import { systemClock as clock } from ${JSON.stringify(import.meta.resolve("../platform/clock.ts"))};
  import { createHeapCollection } from ${JSON.stringify(import.meta.resolve("./heap-collection.ts"))};
  const database = await openDatabase(${JSON.stringify(options)});
  const blobs = await openFileBlobStore({ directory: ${JSON.stringify(directory)}, clock });
  const collection = createHeapCollection({ database, blobs, clock, keepUsedMs: ${keepUsedMs}, mostPerPass: 7 });
  for (;;) process.stdout.write((await collection.pass()).heaps + "\\n");`;

eachDialect("killed heap collection", (open) => {
  test("wherever it is killed, what is kept is whole, and the next one does the rest", async () => {
    await using created = await open();
    using directory = temporaryDirectory();
    const { options } = created;
    const kept = new Set<string>();
    const look = async <T>(work: (parts: Parameters<typeof requireSound>[0]) => Promise<T>) => {
      await using database = await openDatabase(options);
      await using blobs = await openFileBlobStore({ directory: directory.path, clock: systemClock });
      await using packs = createHeapPacks({ database, blobs, clock: createTestClock(systemClock.now() - 40 * dayMs) });
      return await work({ database, blobs, packs });
    };
    await look(async ({ database, packs }) => {
      let sources: readonly string[] = [];
      for (let at = 0; at < 100; at++) {
        const id = String(at).padStart(64, "0");
        const own = await putHeap(packs, { teamId: "lab", id }, { sources, bytes: at % 10 === 0 ? largeBytes : 10 });
        sources = [own, ...sources].slice(0, 3);
        if (at % 4 !== 0) continue;
        kept.add(`lab ${id}`);
        const tag = { team_id: "lab", heap_id: id, key: "keep", value: "" };
        await database.kysely.insertInto("heap_tags").values(tag).execute();
      }
    });
    for (const passes of [1, 3]) {
      const collected = (await killAfterLines(passes, collector(options, directory.path))).map(Number);
      assert.ok(collected.some((heaps) => heaps > 0));
      const there = new Set(await look(requireSound));
      assert.ok(there.size > kept.size, "it was killed before the end");
      for (const name of kept) assert.ok(there.has(name), name);
    }
    await look(async (parts) => {
      await createHeapCollection({ ...parts, clock: systemClock, keepUsedMs }).pass();
      assert.deepEqual(await requireSound(parts), [...kept].sort());
      const large = await parts.database.kysely
        .selectFrom("heap_packs")
        .select("id")
        .where("bytes", "is", null)
        .execute();
      const blobs = await parts.blobs.list("heaps/", { limit: 1_000 });
      assert.deepEqual(blobs.map(({ key }) => key).sort(), large.map(({ id }) => `heaps/${id}`).sort());
    });
  });
});
