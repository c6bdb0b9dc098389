import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { createTestClock } from "../identity/testing.ts";
import { eachDialect } from "../platform/db/testing.ts";
import { heapImage } from "./engine/heap-image.ts";
import { heapPageBytes } from "./engine/memory-image.ts";
import { endWithout } from "./execution.ts";
import { createExecutionJournal, type ExecutionJournal } from "./execution-journal.ts";
import { openTestHeaps, requireSound, type TestHeaps } from "./testing-heaps.ts";

const build = "0".repeat(64);
/** Of 64 KiB, each page filled with one of these. */
const imageOf = (first: number, second: number) => {
  const pages = Array.from({ length: 16 }, (_, page) =>
    new Uint8Array(heapPageBytes).fill(page === 0 ? first : page === 1 ? second : 0),
  );
  return heapImage(build, { pages, stackPointer: 8, hooks: 16 });
};
const completed = { ...endWithout("failed", ""), status: "completed", error: null } as const;

eachDialect("the journal of executions", (open) => {
  let stores: TestHeaps;
  let journal: ExecutionJournal;
  before(async () => {
    stores = await openTestHeaps(open(), createTestClock());
    journal = createExecutionJournal(stores.database);
  });
  after(async () => {
    await journal[Symbol.asyncDispose]();
    await stores[Symbol.asyncDispose]();
  });

  async function begin(): Promise<string> {
    const id = randomUUID();
    const execution = { id, teamId: "lab", createdAt: 1, session: null, heapIn: null, instanceId: "host_1" };
    await journal.write({ kind: "began", execution });
    return id;
  }
  const rowOf = (id: string) =>
    stores.database.kysely
      .selectFrom("executions")
      .select(["status", "heap_out"])
      .where("id", "=", id)
      .executeTakeFirstOrThrow();
  const endOf = (executionId: string, heapOut: string) =>
    ({
      ...({ kind: "ended", executionId, teamId: "lab", at: 2, pieces: [], step: undefined } as const),
      tags: { kind: "kept" },
      end: { ...completed, heapOut },
    }) as const;

  test("an end and the memory that it leaves, with its tags, are one commit", async () => {
    const [id, image] = [await begin(), imageOf(1, 2)];
    const unsaved = await stores.heaps.stage("lab", image, imageOf(1, 1));
    assert.equal(await stores.heaps.use("lab", image.id), false, "it is not there yet");
    await unsaved?.save((heap) => journal.write({ ...endOf(id, image.id), heap }));
    assert.deepEqual(await rowOf(id), { status: "completed", heap_out: image.id });
    assert.equal((await stores.heaps.load("lab", image.id)).id, image.id);
    assert.deepEqual(await stores.heaps.tags("lab", image.id), { kind: "kept" });
    assert.equal(await stores.heaps.stage("lab", image, imageOf(1, 1)), undefined, "it is there already");
  });

  test("of a memory whose shared pages were collected meanwhile all is saved, and until then not even its end", async () => {
    const [id, image, parent] = [await begin(), imageOf(3, 4), imageOf(3, 3)];
    const unsaved = await stores.heaps.stage("lab", image, parent);
    const db = stores.database.kysely;
    const packs = await db.selectFrom("heaps").select("pack_id").where("id", "=", parent.id).execute();
    await db.deleteFrom("heaps").where("id", "=", parent.id).execute();
    await db
      .deleteFrom("heap_packs")
      .where(
        "id",
        "in",
        packs.map(({ pack_id }) => pack_id),
      )
      .execute();
    const seen: string[] = [];
    await unsaved?.save(async (heap) => {
      seen.push((await rowOf(id)).status);
      await journal.write({ ...endOf(id, image.id), heap });
    });
    assert.deepEqual(seen, ["running", "running"]);
    assert.deepEqual(await rowOf(id), { status: "completed", heap_out: image.id });
    assert.equal((await stores.heaps.load("lab", image.id)).id, image.id);
    await requireSound(stores);
  });

  test("of ends that come together only the one is refused whose memory cannot be saved", async () => {
    const [first, second] = [await begin(), await begin()];
    const heap = { teamId: "lab", id: "f".repeat(64), packId: "a".repeat(32), bytes: new Uint8Array(1), at: 1 };
    const refused = journal.write({ ...endOf(first, heap.id), heap: { ...heap, sources: ["b".repeat(32)] } });
    const written = journal.write({ ...endOf(second, heap.id), end: completed });
    await assert.rejects(refused, { code: "conflict" });
    await written;
    assert.deepEqual([(await rowOf(first)).status, (await rowOf(second)).status], ["running", "completed"]);
    assert.equal(await stores.heaps.use("lab", heap.id), false);
  });
});
