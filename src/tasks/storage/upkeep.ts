/** Puts right what nobody has told us, and what a crash has left: uploads that have arrived or expired, content without a file, files without content. */
import type { Database } from "../../platform/db/database.ts";
import type { FileUploadRow } from "../../platform/db/schema.ts";
import { isYardError } from "../../platform/errors.ts";
import { deleteDoomed, lateMs } from "./doomed-blobs.ts";
import { columnsOf, type FileRef } from "./stored-file.ts";
import type { StorageParts } from "./stored-files.ts";
import { addUsage, filesOf, recharge } from "./team-usage.ts";
import { blobPrefix, settle } from "./uploads.ts";

export interface Upkeep {
  /** Looks after a bounded number of uploads that have expired, and of content that is to be deleted. */
  settleUploads(): Promise<{ readonly arrived: number; readonly lapsed: number; readonly deleted: number }>;
  /** Compares all content with all files. Content that no file leads to is deleted once it is old; a file whose content has gone is known, without content. */
  sweep(options?: { readonly signal?: AbortSignal }): Promise<{ readonly orphans: number; readonly lost: number }>;
}

const mostAtOnce = 200;
const pageOfBlobs = 500;

export function createUpkeep(parts: StorageParts): Upkeep {
  return {
    async settleUploads() {
      const now = parts.clock.now();
      const due = await uploadsOf(parts.database)
        .where((row) =>
          row.or([
            row.and([row("has_lapsed", "=", 0), row("expires_at", "<=", now)]),
            row.and([row("has_lapsed", "=", 1), row("expires_at", "<=", now - lateMs)]),
          ]),
        )
        .orderBy("expires_at")
        .limit(mostAtOnce)
        .execute();
      return { ...(await lookAfter(parts, due)), deleted: await deleteDoomed(parts) };
    },

    async sweep({ signal } = {}) {
      const counts = { orphans: 0, lost: 0 };
      for (let after = ""; ; ) {
        signal?.throwIfAborted();
        const page = await parts.blobs.list(blobPrefix, { after, limit: pageOfBlobs });
        const last = page.length < pageOfBlobs ? undefined : page.at(-1)?.key;
        counts.lost += await findLost(parts, new Set(page.map(({ key }) => key)), { after, last });
        const old = page.filter(({ modifiedAt }) => modifiedAt < parts.clock.now() - 2 * lateMs);
        counts.orphans += await deleteOrphans(
          parts,
          old.map(({ key }) => key),
        );
        if (last === undefined) return counts;
        after = last;
      }
    },
  };
}

function uploadsOf({ kysely }: Database) {
  return kysely.selectFrom("file_uploads").selectAll();
}

/** Those of one file, before somebody asks for it. */
export async function settleFile(parts: StorageParts, fileId: string): Promise<void> {
  const uploads = await uploadsOf(parts.database).where("file_id", "=", fileId).execute();
  for (const upload of uploads) await settle(parts, upload);
}

/** Before some of a file's uploads are given up: none of them may have arrived. */
export async function settleCrowded(parts: StorageParts, file: FileRef, most: number): Promise<void> {
  const { kind, scope, name } = columnsOf(file);
  const uploads = await uploadsOf(parts.database)
    .where("file_id", "in", (files) =>
      files
        .selectFrom("stored_files")
        .select("id")
        .where("kind", "=", kind)
        .where("scope", "=", scope)
        .where("name", "=", name),
    )
    .execute();
  if (uploads.length >= most) for (const upload of uploads) await settle(parts, upload);
}

/** Those of a team whose room might be free. @returns whether any room has become free */
export async function settleTeam(parts: StorageParts, teamId: string): Promise<boolean> {
  const uploads = await uploadsOf(parts.database)
    .where("team_id", "=", teamId)
    .where("has_lapsed", "=", 0)
    .orderBy("expires_at")
    .limit(mostAtOnce)
    .execute();
  const { arrived, lapsed } = await lookAfter(parts, uploads);
  return arrived + lapsed > 0;
}

async function lookAfter(parts: StorageParts, uploads: readonly FileUploadRow[]) {
  const counts = { arrived: 0, lapsed: 0 };
  for (const upload of uploads) {
    const settled = await settle(parts, upload);
    if (settled === "taken") counts.arrived += 1;
    if (settled === "absent" && upload.expires_at <= parts.clock.now()) {
      await lapse(parts, upload);
      counts.lapsed += 1;
    }
  }
  return counts;
}

/** Its room is free now; a day later it is forgotten. */
async function lapse({ database }: StorageParts, upload: FileUploadRow): Promise<void> {
  const { blob_key: blobKey, file_id: id, team_id: teamId, has_lapsed: hasLapsed } = upload;
  await database.transaction(async (trx) => {
    if (hasLapsed === 1) {
      await trx.deleteFrom("file_uploads").where("blob_key", "=", blobKey).execute();
      return;
    }
    const lapsed = trx.updateTable("file_uploads").set({ has_lapsed: 1 }).where("blob_key", "=", blobKey);
    const { numUpdatedRows } = await lapsed.executeTakeFirstOrThrow();
    if (numUpdatedRows > 0n) await recharge(trx, { id, teamId });
  }, filesOf(teamId));
}

/** Content in a part of the store that its file says is there, and is not. @param range of keys, `last` included; without one, all that follow */
async function findLost(
  parts: StorageParts,
  present: ReadonlySet<string>,
  { after, last }: { readonly after: string; readonly last: string | undefined },
): Promise<number> {
  let lost = 0;
  for (let from = after; ; ) {
    let files = parts.database.kysely
      .selectFrom("stored_files")
      .select(["id", "team_id", "blob_key"])
      .where("bytes", "is not", null)
      .where("blob_key", ">", from);
    if (last !== undefined) files = files.where("blob_key", "<=", last);
    const rows = await files.orderBy("blob_key").limit(pageOfBlobs).execute();
    for (const { id, team_id: teamId, blob_key: blobKey } of rows) {
      if (present.has(blobKey) || (await isThere(parts, blobKey))) continue;
      await forgetContent(parts, { id, teamId, blobKey });
      lost += 1;
    }
    if (rows.length < pageOfBlobs) return lost;
    from = rows.at(-1)!.blob_key;
  }
}

/** It may have come after the listing. */
async function isThere({ blobs }: StorageParts, blobKey: string): Promise<boolean> {
  try {
    await blobs.head(blobKey);
    return true;
  } catch (error) {
    if (isYardError(error, "not_found")) return false;
    throw error;
  }
}

async function forgetContent(
  { database }: StorageParts,
  { id, teamId, blobKey }: { readonly id: string; readonly teamId: string; readonly blobKey: string },
): Promise<void> {
  await database.transaction(async (trx) => {
    const file = await trx
      .selectFrom("stored_files")
      .select("bytes")
      .where("id", "=", id)
      .where("blob_key", "=", blobKey)
      .executeTakeFirst();
    if (file === undefined || file.bytes === null) return;
    await trx.updateTable("stored_files").set({ bytes: null }).where("id", "=", id).execute();
    await addUsage(trx, teamId, { used: -file.bytes, charged: 0 });
    await recharge(trx, { id, teamId });
  }, filesOf(teamId));
}

async function deleteOrphans({ database, blobs }: StorageParts, keys: readonly string[]): Promise<number> {
  if (keys.length === 0) return 0;
  const { kysely } = database;
  const known = await kysely
    .selectFrom("stored_files")
    .select("blob_key")
    .where("blob_key", "in", keys)
    .unionAll(kysely.selectFrom("file_uploads").select("blob_key").where("blob_key", "in", keys))
    .unionAll(kysely.selectFrom("doomed_blobs").select("blob_key").where("blob_key", "in", keys))
    .execute();
  const used = new Set(known.map(({ blob_key }) => blob_key));
  const orphans = keys.filter((key) => !used.has(key));
  for (const key of orphans) await blobs.delete(key);
  return orphans.length;
}
