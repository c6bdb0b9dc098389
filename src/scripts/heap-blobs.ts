/** The blobs of packs that are too large for rows. At every moment, and after every crash, each is named in a row: of `heap_packs`, or of
 *  `heap_blobs`, as one that belongs to no pack because it is being written or is to be deleted. Names are never used twice, so nobody can
 *  write again what is being deleted. */
import type { Kysely, Transaction } from "kysely";
import type { BlobStore } from "../platform/blobs/blob-store.ts";
import type { Schema } from "../platform/db/schema.ts";

/** A blob that takes longer to become a pack's has been given up, or is written again. */
const graceMs = 60 * 60_000;
/** Deleted by one call. */
const mostDeleted = 500;

export function blobKey(packId: string): string {
  return `heaps/${packId}`;
}

/** To be called before it is written. */
export async function announceBlob(db: Kysely<Schema>, packId: string, at: number): Promise<void> {
  await db.insertInto("heap_blobs").values({ pack_id: packId, since: at, is_doomed: 0 }).execute();
}

/** Makes blobs those of packs. @returns which of them; the others took too long and may be deleted already */
export async function adoptBlobs(trx: Transaction<Schema>, packIds: readonly string[]): Promise<ReadonlySet<string>> {
  if (packIds.length === 0) return new Set();
  const adopted = await trx
    .deleteFrom("heap_blobs")
    .where("pack_id", "in", [...packIds])
    .where("is_doomed", "=", 0)
    .returning("pack_id")
    .execute();
  return new Set(adopted.map(({ pack_id }) => pack_id));
}

/** The blobs of packs that go with this transaction. */
export async function doomBlobs(trx: Transaction<Schema>, packIds: readonly string[], at: number): Promise<void> {
  if (packIds.length === 0) return;
  const rows = packIds.map((packId) => ({ pack_id: packId, since: at, is_doomed: 1 }));
  await trx.insertInto("heap_blobs").values(rows).execute();
}

/** Deletes doomed blobs, and those that were given up. Killed at any point, the next call goes on. */
export async function deleteDoomedBlobs(db: Kysely<Schema>, blobs: BlobStore, now: number): Promise<void> {
  await db
    .updateTable("heap_blobs")
    .set({ is_doomed: 1 })
    .where("since", "<", now - graceMs)
    .execute();
  const doomed = await db
    .selectFrom("heap_blobs")
    .select("pack_id")
    .where("is_doomed", "=", 1)
    .limit(mostDeleted)
    .execute();
  for (const { pack_id: packId } of doomed) {
    await blobs.delete(blobKey(packId));
    await db.deleteFrom("heap_blobs").where("pack_id", "=", packId).execute();
  }
}
