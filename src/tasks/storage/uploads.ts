/** Uploads: a URL is given out and holds room in the team's quota, content arrives or does not, the file has it or goes on as it was.
 *
 *  on its way ──arrives──▶ the file's content
 *      │ expires                  ▲ arrives late, and fits
 *      ▼                          │
 *   lapsed (holds no room) ───────┴──── a day later ──▶ forgotten
 *
 *  Each upload has a blob of its own, so content is replaced in one step, nothing that was put can change what another has put, and a URL is
 *  good for nothing once its file was removed. Where the store is not ours nobody tells us that content has arrived: whoever needs to know looks. */
import type { Transaction } from "kysely";
import type { BlobInfo } from "../../platform/blobs/blob-store.ts";
import type { FileUploadRow, Schema, StoredFileRow } from "../../platform/db/schema.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import { newId } from "../../platform/ids.ts";
import type { TeamRef } from "../task.ts";
import { type Doomed, deleteNow, doom } from "./doomed-blobs.ts";
import { columnsOf, type FileRef } from "./stored-file.ts";
import type { NewUpload, StorageParts } from "./stored-files.ts";
import { addUsage, filesOf, readQuota, readUsage, recharge } from "./team-usage.ts";

/** Of a URL to upload by. */
export const uploadMs = 3_600_000;
/** Of one file. The oldest goes when there are more: whoever asks for a URL again and again uses the last. */
export const mostUploads = 16;
/** All blobs of files; their keys never hold what somebody has typed. */
export const blobPrefix = "tasks/";

/** @throws {YardError} forbidden: it does not fit into the quota; then nothing is changed */
export async function reserve(
  { database, clock, defaultQuotaBytes }: StorageParts,
  { team, file: ref, bytes, isOnlyOne = false }: NewUpload,
): Promise<{ readonly blobKey: string; readonly existed: boolean; readonly doomed: readonly Doomed[] }> {
  return await database.transaction(async (trx) => {
    const now = clock.now();
    const blobKey = blobPrefix + newId("blob", now);
    const existing = await findFile(trx, ref);
    const id = existing?.id ?? newId("file", now);
    if (existing) await announceAgain(trx, existing, { bytes, blobKey, now });
    else await trx.insertInto("stored_files").values(newRow({ id, ref, team, bytes, blobKey, now })).execute();
    const doomed = await makeRoom(trx, id, isOnlyOne ? 1 : mostUploads);
    await trx
      .insertInto("file_uploads")
      .values({ blob_key: blobKey, file_id: id, team_id: team.id, bytes, expires_at: now + uploadMs, has_lapsed: 0 })
      .execute();
    const { grownBy, chargedBytes } = await recharge(trx, { id, teamId: team.id });
    const quotaBytes = await readQuota(trx, team.id, defaultQuotaBytes);
    if (grownBy > 0 && chargedBytes > quotaBytes) throw overQuota(team.name, bytes, quotaBytes);
    return { blobKey, existed: existing !== undefined, doomed };
  }, filesOf(team.id));
}

function overQuota(team: string, bytes: number, quotaBytes: number): YardError {
  return new YardError(
    "forbidden",
    `${bytes} bytes more do not fit into the storage quota of ${team}, ${quotaBytes} bytes. Remove files, or have it raised.`,
  );
}

function findFile(trx: Transaction<Schema>, ref: FileRef): Promise<StoredFileRow | undefined> {
  const { kind, scope, name } = columnsOf(ref);
  return trx
    .selectFrom("stored_files")
    .selectAll()
    .where("kind", "=", kind)
    .where("scope", "=", scope)
    .where("name", "=", name)
    .executeTakeFirst();
}

interface NewFile {
  readonly id: string;
  readonly ref: FileRef;
  readonly team: TeamRef;
  readonly bytes: number;
  readonly blobKey: string;
  readonly now: number;
}

function newRow({ id, ref, team, bytes, blobKey, now }: NewFile): StoredFileRow {
  return {
    ...{ id, team_id: team.id, ...columnsOf(ref), size: bytes, blob_key: blobKey, bytes: null },
    ...{ content_at: 0, writable_until: 0, charged_bytes: 0, created_at: now, updated_at: now },
  };
}

async function announceAgain(
  trx: Transaction<Schema>,
  file: StoredFileRow,
  { bytes, blobKey, now }: { readonly bytes: number; readonly blobKey: string; readonly now: number },
): Promise<void> {
  const expected = file.bytes === null ? { blob_key: blobKey } : {};
  const announced = { size: Math.max(file.size, bytes), updated_at: now, ...expected };
  await trx.updateTable("stored_files").set(announced).where("id", "=", file.id).execute();
}

/** For one more, so that there are `most` then. */
async function makeRoom(trx: Transaction<Schema>, fileId: string, most: number): Promise<readonly Doomed[]> {
  const newest = await trx
    .selectFrom("file_uploads")
    .selectAll()
    .where("file_id", "=", fileId)
    .orderBy("expires_at", "desc")
    .orderBy("blob_key", "desc")
    .execute();
  return await giveUp(trx, newest.slice(most - 1));
}

async function giveUp(trx: Transaction<Schema>, uploads: readonly FileUploadRow[]): Promise<readonly Doomed[]> {
  const doomed = uploads.map(({ blob_key: blobKey, expires_at: expiresAt }) => ({ blobKey, expiresAt }));
  for (const { blobKey } of doomed) await forget(trx, blobKey);
  await doom(trx, doomed);
  return doomed;
}

async function forget(trx: Transaction<Schema>, blobKey: string): Promise<void> {
  await trx.deleteFrom("file_uploads").where("blob_key", "=", blobKey).execute();
}

/** @throws {YardError} forbidden: nobody waits for this content any more */
export async function admit({ database }: StorageParts, blobKey: string): Promise<void> {
  const { kysely } = database;
  const upload = await kysely
    .selectFrom("file_uploads")
    .select("blob_key")
    .where("blob_key", "=", blobKey)
    .unionAll(kysely.selectFrom("stored_files").select("blob_key").where("blob_key", "=", blobKey))
    .executeTakeFirst();
  if (upload === undefined) throw unwanted();
}

function unwanted(): YardError {
  return new YardError("forbidden", "The file that this was for has been removed. Ask for a new URL.");
}

/** Content has come in through us.
 *  @throws {YardError} forbidden: it came too late, and is not kept */
export async function arrived(parts: StorageParts, blobKey: string): Promise<void> {
  const upload = await parts.database.kysely
    .selectFrom("file_uploads")
    .selectAll()
    .where("blob_key", "=", blobKey)
    .executeTakeFirst();
  if (upload !== undefined && (await settle(parts, upload)) !== "refused") return;
  try {
    await admit(parts, blobKey); // put once more, or seen before by somebody who looked
  } catch (error) {
    await parts.blobs.delete(blobKey);
    throw error;
  }
}

export type Settled = "taken" | "refused" | "absent";

/** Looks whether the content of an upload is there, and makes it the file's if it is.
 *  @returns `refused`: it came after its time, and fits no more */
export async function settle(parts: StorageParts, upload: FileUploadRow): Promise<Settled> {
  const content = await parts.blobs.head(upload.blob_key).catch((error: unknown) => {
    if (isYardError(error, "not_found")) return undefined;
    throw error;
  });
  if (content === undefined) return "absent";
  const { settled, doomed } = await parts.database.transaction(
    (trx) => takeContent(trx, parts, upload, content),
    filesOf(upload.team_id),
  );
  await deleteNow(parts, doomed);
  return settled;
}

interface Taken {
  readonly settled: Settled;
  readonly doomed: readonly Doomed[];
}

async function takeContent(
  trx: Transaction<Schema>,
  { defaultQuotaBytes }: StorageParts,
  { blob_key: blobKey, file_id: fileId, team_id: teamId }: FileUploadRow,
  content: BlobInfo,
): Promise<Taken> {
  // As it is now: somebody else may have seen it arrive, or removed the file.
  const upload = await trx.selectFrom("file_uploads").selectAll().where("blob_key", "=", blobKey).executeTakeFirst();
  if (upload === undefined) return { settled: "taken", doomed: [] };
  const file = await trx.selectFrom("stored_files").selectAll().where("id", "=", fileId).executeTakeFirstOrThrow();
  const own = { blobKey, expiresAt: upload.expires_at };
  if (isOlder(content, file)) return { settled: "taken", doomed: await dropUpload(trx, file, own) };
  if (upload.has_lapsed === 1 && !(await fits(trx, file, content.bytes, defaultQuotaBytes)))
    return { settled: "refused", doomed: await dropUpload(trx, file, own) };

  await forget(trx, blobKey);
  const before = file.bytes === null ? [] : [{ blobKey: file.blob_key, expiresAt: file.writable_until }];
  await doom(trx, before);
  await trx
    .updateTable("stored_files")
    .set({
      ...{ blob_key: blobKey, bytes: content.bytes, content_at: content.modifiedAt },
      writable_until: upload.expires_at,
    })
    .where("id", "=", fileId)
    .execute();
  await addUsage(trx, teamId, { used: content.bytes - (file.bytes ?? 0), charged: 0 });
  await recharge(trx, { id: fileId, teamId });
  return { settled: "taken", doomed: before };
}

/** Content that arrived later wins, in whatever order it is noticed. */
function isOlder({ key, modifiedAt }: BlobInfo, file: StoredFileRow): boolean {
  if (file.bytes === null || modifiedAt > file.content_at) return false;
  return modifiedAt < file.content_at || key < file.blob_key;
}

async function dropUpload(trx: Transaction<Schema>, file: StoredFileRow, upload: Doomed): Promise<readonly Doomed[]> {
  await forget(trx, upload.blobKey);
  await doom(trx, [upload]);
  await recharge(trx, { id: file.id, teamId: file.team_id });
  return [upload];
}

async function fits(trx: Transaction<Schema>, file: StoredFileRow, bytes: number, defaultQuotaBytes: number) {
  const grownBy = Math.max(0, bytes - file.charged_bytes);
  if (grownBy === 0) return true;
  const { chargedBytes } = await readUsage(trx, file.team_id);
  return chargedBytes + grownBy <= (await readQuota(trx, file.team_id, defaultQuotaBytes));
}
