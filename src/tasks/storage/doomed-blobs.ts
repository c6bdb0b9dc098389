/** Content that nothing leads to any more. It is noted in the transaction that lets go of it, and deleted after: so none is left behind by a crash. As long
 *  as a URL may be out there by which it can be put again, it stays noted, and is deleted once more at the end. */
import type { Transaction } from "kysely";
import type { Schema } from "../../platform/db/schema.ts";
import type { StorageParts } from "./stored-files.ts";

/** After its URL has expired, an upload that began in time may still arrive for so long. */
export const lateMs = 24 * 3_600_000;

export interface Doomed {
  readonly blobKey: string;
  /** When its URL expires. */
  readonly expiresAt: number;
}

/** Inside the transaction that lets go of them. */
export async function doom(trx: Transaction<Schema>, blobs: readonly Doomed[]): Promise<void> {
  if (blobs.length === 0) return;
  const rows = blobs.map(({ blobKey, expiresAt }) => ({ blob_key: blobKey, until: expiresAt + lateMs, is_deleted: 0 }));
  await trx
    .insertInto("doomed_blobs")
    .values(rows)
    .onConflict((conflict) => conflict.column("blob_key").doUpdateSet({ is_deleted: 0 }))
    .execute();
}

type Parts = Pick<StorageParts, "database" | "blobs">;
const mostAtOnce = 500;

/** Deletes those that are left, some at a time. @returns how many */
export async function deleteDoomed({ database, blobs, clock }: Parts & Pick<StorageParts, "clock">): Promise<number> {
  const now = clock.now();
  const rows = await database.kysely
    .selectFrom("doomed_blobs")
    .selectAll()
    .where((row) => row.or([row("is_deleted", "=", 0), row("until", "<=", now)]))
    .orderBy("until")
    .limit(mostAtOnce)
    .execute();
  for (const { blob_key: blobKey, until } of rows) await deleteOne({ database, blobs }, blobKey, until <= now);
  return rows.length;
}

/** At once, as far as it goes: what fails is done with the next pass. */
export async function deleteNow({ database, blobs }: Parts, doomed: readonly Doomed[]): Promise<void> {
  for (const { blobKey } of doomed) await deleteOne({ database, blobs }, blobKey, false).catch(() => {});
}

async function deleteOne({ database, blobs }: Parts, blobKey: string, isFinal: boolean): Promise<void> {
  await blobs.delete(blobKey);
  const { kysely } = database;
  if (isFinal) await kysely.deleteFrom("doomed_blobs").where("blob_key", "=", blobKey).execute();
  else await kysely.updateTable("doomed_blobs").set({ is_deleted: 1 }).where("blob_key", "=", blobKey).execute();
}
