/** The end of files. */
import type { Transaction } from "kysely";
import type { Schema, StoredFileRow } from "../../platform/db/schema.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import { type Doomed, deleteNow, doom } from "./doomed-blobs.ts";
import { noSuchFile, requireFile } from "./file-lists.ts";
import { describeFile, type FileRef } from "./stored-file.ts";
import type { StorageParts } from "./stored-files.ts";
import { addUsage, filesOf } from "./team-usage.ts";

export interface RemovalOptions {
  /** Since it was announced last, in milliseconds: whoever was given a URL then may still be uploading. */
  readonly minAgeMs?: number;
}

export interface Removal {
  /** With its content; its room in the quota is free at once.
   *  @throws {YardError} not_found; precondition: it is younger than `minAgeMs` */
  remove(file: FileRef, options?: RemovalOptions): Promise<void>;
  /** As many as can be. @returns those that were not removed, in the order given */
  removeAll<Ref extends FileRef>(
    files: readonly Ref[],
    options?: RemovalOptions,
  ): Promise<{ readonly removed: number; readonly failed: readonly Ref[] }>;
  /** All that is left of a team that is no more. */
  removeTeam(teamId: string): Promise<void>;
}

const removedTogether = 100;

export function createRemoval(parts: StorageParts): Removal {
  const { database, clock } = parts;

  async function remove(file: FileRef, { minAgeMs = 0 }: RemovalOptions = {}): Promise<void> {
    const { id, team_id: teamId } = await requireFile(parts, file);
    const doomed = await database.transaction(async (trx) => {
      const row = await trx.selectFrom("stored_files").selectAll().where("id", "=", id).executeTakeFirst();
      if (row === undefined) throw noSuchFile(file);
      if (row.updated_at + minAgeMs > clock.now()) throw tooYoung(file, minAgeMs);
      return await removeRow(trx, row);
    }, filesOf(teamId));
    await deleteNow(parts, doomed);
  }

  return {
    remove,

    async removeAll<Ref extends FileRef>(files: readonly Ref[], options?: RemovalOptions) {
      const failed: Ref[] = [];
      for (const file of files) {
        try {
          await remove(file, options);
        } catch (error) {
          if (!isYardError(error, "not_found") && !isYardError(error, "precondition")) throw error;
          failed.push(file);
        }
      }
      return { removed: files.length - failed.length, failed };
    },

    async removeTeam(teamId) {
      for (;;) {
        const doomed = await database.transaction(async (trx) => {
          const ofTeam = trx.selectFrom("stored_files").selectAll().where("team_id", "=", teamId);
          const rows = await ofTeam.orderBy("id").limit(removedTogether).execute();
          const doomed = [];
          for (const row of rows) doomed.push(...(await removeRow(trx, row)));
          if (rows.length === 0) await trx.deleteFrom("team_usage").where("team_id", "=", teamId).execute();
          return rows.length === 0 ? undefined : doomed;
        }, filesOf(teamId));
        if (doomed === undefined) return;
        await deleteNow(parts, doomed);
      }
    },
  };
}

function tooYoung(file: FileRef, minAgeMs: number): YardError {
  return new YardError(
    "precondition",
    `An upload of ${describeFile(file)} may still be under way: it can be removed ${minAgeMs / 60_000} minutes after it was announced.`,
  );
}

/** With its uploads. @returns the blobs that are to go after the transaction */
async function removeRow(trx: Transaction<Schema>, file: StoredFileRow): Promise<readonly Doomed[]> {
  const uploads = await trx.selectFrom("file_uploads").selectAll().where("file_id", "=", file.id).execute();
  const doomed = uploads.map(({ blob_key: blobKey, expires_at: expiresAt }) => ({ blobKey, expiresAt }));
  if (file.bytes !== null) doomed.push({ blobKey: file.blob_key, expiresAt: file.writable_until });
  await doom(trx, doomed);
  await trx.deleteFrom("file_uploads").where("file_id", "=", file.id).execute();
  await trx.deleteFrom("stored_files").where("id", "=", file.id).execute();
  await addUsage(trx, file.team_id, { used: -(file.bytes ?? 0), charged: -file.charged_bytes });
  return doomed;
}
