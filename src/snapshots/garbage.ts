/** Garbage collection. What is kept: snapshots that a label is at, or has been at as far as its log goes; those that were used lately; those
 *  that the caller names; and all that these reach.
 *
 *  1. **Forget**: snapshots that nothing keeps lose their row. Afterwards the rows are the roots.
 *  2. **Mark**: everything that any row reaches, read from the store while others go on saving.
 *  3. **Sweep**: rows of objects that were not marked, in parts. Each part first looks for snapshots that were saved since, in the same
 *     transaction, and if there are any they are marked before anything is deleted. Whoever saves later finds what he meant to reuse gone,
 *     in the transaction that makes his snapshot, and writes it again (object-writer.ts). So what a row reaches is always there.
 *  4. **Packs**: those without an object go; those with little left are written anew; blobs that no row knows go, too.
 *
 *  Killed at any point, the next run goes on from what is there. Of two that run at the same time one may fail, and harms nothing. */
import type { Kysely } from "kysely";
import type { BlobStore } from "../platform/blobs/blob-store.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import { createMarks, type Marks } from "./marks.ts";
import { isObjectId, type ObjectId } from "./object.ts";
import type { ObjectSource } from "./object-store.ts";
import { exclusive, type Packs, packKey, packPrefix, rowsPerStatement } from "./packs.ts";

export interface CollectOptions {
  /** Snapshots that are kept whatever happens to labels: recently reported ones, say. */
  readonly keep?: readonly string[];
  /** A snapshot is kept for this long after it was last used, in milliseconds; at least an hour. */
  readonly keepUsedMs: number;
  /** Ends it where it is; the next run goes on from there. */
  readonly signal?: AbortSignal;
}

export interface Collected {
  readonly snapshots: number;
  readonly objects: number;
  /** On the disk. */
  readonly bytes: number;
}

/** A save that takes longer than this fails, cleanly: its packs may be collected before they belong to a snapshot. */
const graceMs = 60 * 60_000;
/** A pack is written anew when less than this part of it is in use. */
const leastUsed = 0.5;
/** Read and written anew at a time: so many objects of so many bytes, but one at least. */
const mostMoved = 256;
const mostMovedBytes = 16 * 1024 ** 2;

interface CollectParts {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly packs: Packs;
  readonly source: ObjectSource;
  readonly signal?: AbortSignal;
}

export async function collectGarbage(given: Omit<CollectParts, "signal">, options: CollectOptions): Promise<Collected> {
  const { signal } = options;
  const parts: CollectParts = { ...given, signal, source: untilAborted(given.source, signal) };
  if (options.keepUsedMs < graceMs)
    throw new YardError("invalid", "Snapshots are kept for at least an hour after their last use.", {
      field: "keepUsedMs",
    });
  const startedAt = parts.clock.now();
  const snapshots = await forget(parts, startedAt - options.keepUsedMs, options.keep ?? []);
  const marks = createMarks(parts.source);
  const newest = await markSince(parts.database.kysely, marks, 0);
  const objects = await sweep(parts, marks, newest, startedAt - graceMs);
  const bytes = await collectPacks(parts, startedAt - graceMs);
  return { snapshots, objects, bytes };
}

function untilAborted(source: ObjectSource, signal: AbortSignal | undefined): ObjectSource {
  return {
    async getMany(ids) {
      signal?.throwIfAborted();
      return await source.getMany(ids);
    },
  };
}

async function forget(
  { database, signal }: CollectParts,
  unusedSince: number,
  keep: readonly string[],
): Promise<number> {
  const kept = new Set(keep.filter(isObjectId).map((id) => id.toLowerCase()));
  let forgotten = 0;
  for (let after = 0; ; ) {
    signal?.throwIfAborted();
    const page = await database.transaction(async (trx) => {
      const unused = await unusedRoots(trx, after, unusedSince);
      const seqs = unused.filter(({ id }) => !kept.has(id)).map(({ seq }) => seq);
      if (seqs.length > 0) {
        // The condition once more: using a snapshot does not wait for us.
        const unusedStill = trx
          .deleteFrom("snapshot_roots")
          .where("seq", "in", seqs)
          .where("used_at", "<", unusedSince);
        await unusedStill.execute();
      }
      return { last: unused.at(-1)?.seq, count: seqs.length };
    }, exclusive);
    forgotten += page.count;
    if (page.last === undefined) return forgotten;
    after = page.last;
  }
}

function unusedRoots(trx: Kysely<Schema>, after: number, unusedSince: number) {
  let roots = trx
    .selectFrom("snapshot_roots as roots")
    .select(["seq", "id"])
    .where("seq", ">", after)
    .where("used_at", "<", unusedSince);
  for (const end of ["to_id", "from_id"] as const)
    roots = roots.where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("snapshot_moves as moves")
            .select("moves.seq")
            .whereRef("moves.team_id", "=", "roots.team_id")
            .whereRef(`moves.${end}`, "=", "roots.id"),
        ),
      ),
    );
  return roots.orderBy("seq").limit(rowsPerStatement).execute();
}

/** Marks what the snapshots reach whose rows came after `seq`. @returns the newest row's */
async function markSince(db: Kysely<Schema>, marks: Marks, seq: number): Promise<number> {
  for (let newest = seq; ; ) {
    const rows = await rootsSince(db, newest, rowsPerStatement);
    if (rows.length === 0) return newest;
    await marks.add(rows.map(({ id }) => id));
    newest = rows.at(-1)!.seq;
  }
}

function rootsSince(db: Kysely<Schema>, seq: number, limit: number) {
  return db
    .selectFrom("snapshot_roots")
    .select(["seq", "id"])
    .where("seq", ">", seq)
    .orderBy("seq")
    .limit(limit)
    .execute();
}

async function sweep(
  { database, signal }: CollectParts,
  marks: Marks,
  marked: number,
  madeBefore: number,
): Promise<number> {
  let [newest, after, swept] = [marked, "", 0];
  for (;;) {
    signal?.throwIfAborted();
    const ids = await oldObjects(database.kysely, after, madeBefore);
    const last = ids.at(-1);
    if (last === undefined) return swept;
    const deleted = await database.transaction(async (trx) => {
      if ((await rootsSince(trx, newest, 1)).length > 0) return undefined;
      const garbage = ids.filter((id) => !marks.has(id));
      if (garbage.length > 0) await trx.deleteFrom("snapshot_objects").where("id", "in", garbage).execute();
      return garbage.length;
    }, exclusive);
    if (deleted === undefined) {
      newest = await markSince(database.kysely, marks, newest); // and the same part once more
    } else {
      swept += deleted;
      after = last;
    }
  }
}

/** What was stored lately may belong to a snapshot that is still being saved. */
async function oldObjects(db: Kysely<Schema>, after: ObjectId, madeBefore: number): Promise<ObjectId[]> {
  const rows = await db
    .selectFrom("snapshot_objects")
    .innerJoin("snapshot_packs", "snapshot_packs.id", "snapshot_objects.pack_id")
    .select("snapshot_objects.id")
    .where("snapshot_objects.id", ">", after)
    .where("snapshot_packs.created_at", "<", madeBefore)
    .orderBy("snapshot_objects.id")
    .limit(rowsPerStatement)
    .execute();
  return rows.map(({ id }) => id);
}

/** @returns the bytes that were freed */
async function collectPacks(parts: CollectParts, madeBefore: number): Promise<number> {
  const { database, blobs, signal } = parts;
  let freed = 0;
  const dropPack = async ({ id, bytes }: { id: string; bytes: number }) => {
    await blobs.delete(packKey(id));
    freed += bytes;
  };
  for (let after = ""; ; ) {
    const page = await oldPacks(database.kysely, after, madeBefore);
    for (const pack of page) {
      signal?.throwIfAborted();
      if (pack.used > 0 && pack.used < leastUsed * pack.size) await moveObjects(parts, pack.id);
      else if (pack.used > 0) continue;
      if (await forgetPack(database, pack.id)) await dropPack(pack);
    }
    const last = page.at(-1);
    if (last === undefined) break;
    after = last.id;
  }
  for await (const blob of unknownBlobs(parts)) {
    await blobs.delete(blob.key);
    freed += blob.bytes;
  }
  return freed;
}

/** With the bytes of their objects that are in use, as they are before compression. */
async function oldPacks(db: Kysely<Schema>, after: string, madeBefore: number) {
  const rows = await db
    .selectFrom("snapshot_packs as packs")
    .leftJoin("snapshot_objects as objects", "objects.pack_id", "packs.id")
    .select(({ fn }) => ["packs.id", "packs.bytes", "packs.size", fn.sum<number | null>("objects.size").as("used")])
    .select(({ fn }) => fn.count<number>("objects.id").as("objects"))
    .where("packs.id", ">", after)
    .where("packs.created_at", "<", madeBefore)
    .groupBy(["packs.id", "packs.bytes", "packs.size"])
    .orderBy("packs.id")
    .limit(rowsPerStatement)
    .execute();
  return rows.map(({ used, objects, ...pack }) => ({ ...pack, used: objects === 0 ? 0 : Math.max(1, used ?? 0) }));
}

/** A pack that holds no object any more, or never came to: its row first, so that its blob is garbage from then on.
 *  @returns whether it was so */
async function forgetPack(database: Database, id: string): Promise<boolean> {
  return await database.transaction(async (trx) => {
    const objects = trx.selectFrom("snapshot_objects").select("id").where("pack_id", "=", id).limit(1);
    if ((await objects.executeTakeFirst()) !== undefined) return false;
    await trx.deleteFrom("snapshot_packs").where("id", "=", id).execute();
    return true;
  }, exclusive);
}

/** Into new packs. A reader that has looked up the old place finds it gone and looks again. What cannot be read, because it is damaged or
 *  another collection has moved it, stays where it is. */
async function moveObjects({ database, packs }: CollectParts, packId: string): Promise<void> {
  for (;;) {
    const rows = await database.kysely
      .selectFrom("snapshot_objects")
      .select(["id", "size"])
      .where("pack_id", "=", packId)
      .limit(mostMoved)
      .execute();
    const places = await packs.findPlaces(idsUpTo(rows, mostMovedBytes));
    const objects = [...(await packs.readFrames(places.values()))].filter(([id]) => places.has(id));
    if (objects.length === 0) return;
    const pack = await packs.write(new Map(objects));
    await database.transaction(async (trx) => {
      const ids = [...pack.places.keys()];
      await trx.deleteFrom("snapshot_objects").where("id", "in", ids).where("pack_id", "=", packId).execute();
      await packs.register(trx, pack);
    }, exclusive);
  }
}

function idsUpTo(rows: readonly { id: ObjectId; size: number }[], bytes: number): ObjectId[] {
  let sum = 0;
  const count = rows.findIndex(({ size }) => {
    sum += size;
    return sum > bytes;
  });
  return rows.slice(0, count === -1 ? undefined : Math.max(1, count)).map(({ id }) => id);
}

/** A row comes before its blob: so a blob without one is garbage, at whatever moment it is looked at. */
async function* unknownBlobs({ database, blobs }: CollectParts) {
  for (let after = packPrefix; ; ) {
    const page = await blobs.list(packPrefix, { after, limit: rowsPerStatement });
    const last = page.at(-1);
    if (last === undefined) return;
    const ids = page.map(({ key }) => key.slice(packPrefix.length));
    const rows = await database.kysely.selectFrom("snapshot_packs").select("id").where("id", "in", ids).execute();
    const known = new Set(rows.map(({ id }) => packKey(id)));
    yield* page.filter(({ key }) => !known.has(key));
    after = last.key;
  }
}
