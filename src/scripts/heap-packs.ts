/** Where the memories of scripts lie. Nearly every step leaves a few kilobytes: those are rows, so that the packs of many runs share one commit (a
 *  blob of its own costs four waits for the disk). A large one is a blob. A heap, its pack, and what it is read from are one commit: there is
 *  no heap without all of its packs, and no pack without a heap (heap-collection.ts). */
import { buffer } from "node:stream/consumers";
import type { Transaction } from "kysely";
import type { BlobStore } from "../platform/blobs/blob-store.ts";
import type { Clock } from "../platform/clock.ts";
import { createBatchWriter } from "../platform/db/batch.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import type { HeapName, NewPack, PackStore, StagedHeap } from "./engine/pack-store.ts";
import { adoptBlobs, announceBlob, blobKey } from "./heap-blobs.ts";
import { addHeaps, exclusive, heapKey, knownHeaps, useHeap } from "./heap-rows.ts";

const mostRowBytes = 256 * 1024;
/** In one commit: some megabytes at most. */
const mostTogether = 64;

export interface HeapPacksParts {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly clock: Clock;
}

export function createHeapPacks({ database, blobs, clock }: HeapPacksParts): PackStore & AsyncDisposable {
  const db = database.kysely;
  const refused = new WeakSet<StagedHeap>();
  const writer = createBatchWriter<StagedHeap>({
    maxBatch: mostTogether,
    async commit(heaps) {
      const added = await database.transaction((trx) => addStagedHeaps(trx, heaps), exclusive);
      for (const heap of heaps) if (!added.has(heap)) refused.add(heap);
    },
  });

  async function contentOf(packId: string, bytes: Uint8Array | null): Promise<Buffer> {
    return bytes === null ? await buffer((await blobs.get(blobKey(packId))).stream) : Buffer.from(bytes);
  }

  async function stage({ teamId, id }: HeapName, { id: packId, bytes, sources }: NewPack): Promise<StagedHeap> {
    const isLarge = bytes.length > mostRowBytes;
    if (isLarge) {
      await announceBlob(db, packId, clock.now());
      await blobs.put(blobKey(packId), oneChunk(bytes));
    }
    return { teamId, id, packId, bytes: isLarge ? null : bytes, sources, at: clock.now() };
  }

  return {
    stage,
    async put(name, pack) {
      const heap = await stage(name, pack);
      await writer.write(heap);
      if (refused.has(heap)) throw sourcesGone(heap);
    },

    use: (heap) => useHeap(db, heap, clock.now()),

    async find({ teamId, id }) {
      const row = await db
        .selectFrom("heaps")
        .innerJoin("heap_packs", "heap_packs.id", "heaps.pack_id")
        .select(["heap_packs.id", "heap_packs.bytes"])
        .where("heaps.team_id", "=", teamId)
        .where("heaps.id", "=", id)
        .executeTakeFirst();
      if (row === undefined) throw new YardError("not_found", `There is no heap ${id}.`, { field: "heap" });
      return { id: row.id, bytes: await contentOf(row.id, row.bytes) };
    },

    async get(packId) {
      const row = await db.selectFrom("heap_packs").select("bytes").where("id", "=", packId).executeTakeFirst();
      if (row === undefined) throw new YardError("not_found", `There is no pack ${packId}.`);
      return await contentOf(packId, row.bytes);
    },

    [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
  };
}

export function sourcesGone({ id }: HeapName): YardError {
  return new YardError("conflict", `What the heap ${id} is stored against was collected.`);
}

/** In a transaction that is {@link exclusive}.
 *  @returns those that are there now; of the others something has gone that they need */
export async function addStagedHeaps(
  trx: Transaction<Schema>,
  heaps: readonly StagedHeap[],
): Promise<ReadonlySet<StagedHeap>> {
  if (heaps.length === 0) return new Set();
  const known = new Set(await knownHeaps(trx, heaps));
  const there = heaps.filter((heap) => known.has(heapKey(heap)));
  const fresh = heaps.filter((heap) => {
    const isFresh = !known.has(heapKey(heap));
    known.add(heapKey(heap));
    return isFresh;
  });
  const whole = await withSources(trx, fresh);
  const adopted = await adoptBlobs(
    trx,
    whole.flatMap(({ packId, bytes }) => (bytes === null ? [packId] : [])),
  );
  const added = whole.filter(({ packId, bytes }) => bytes !== null || adopted.has(packId));
  if (added.length > 0) {
    const packs = added.map(({ packId, bytes }) => ({ id: packId, bytes }));
    await trx.insertInto("heap_packs").values(packs).execute();
    await addHeaps(trx, added);
  }
  return new Set([...there, ...added]);
}

async function withSources(trx: Transaction<Schema>, heaps: readonly StagedHeap[]): Promise<readonly StagedHeap[]> {
  const wanted = [...new Set(heaps.flatMap(({ sources }) => sources))];
  if (wanted.length === 0) return heaps;
  const rows = await trx.selectFrom("heap_packs").select("id").where("id", "in", wanted).execute();
  const present = new Set(rows.map(({ id }) => id));
  return heaps.filter(({ sources }) => sources.every((source) => present.has(source)));
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
