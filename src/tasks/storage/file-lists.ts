/** Which files there are. */
import { sql } from "kysely";
import type { StoredFileRow } from "../../platform/db/schema.ts";
import { YardError } from "../../platform/errors.ts";
import type { TeamRef } from "../task.ts";
import {
  type ArtifactRecord,
  type AttachmentRecord,
  columnsOf,
  describeFile,
  type FileRecord,
  type FileRef,
  toArtifact,
  toAttachment,
  toRecord,
} from "./stored-file.ts";
import type { StorageParts } from "./stored-files.ts";

export interface AttachmentFilter {
  /** What the key holds, letter for letter. */
  readonly key?: string;
}

export interface FileLists {
  /** @throws {YardError} not_found */
  info(file: FileRef): Promise<FileRecord>;
  /** Of those tasks, in no order. */
  artifactsOf(taskUuids: readonly string[]): Promise<readonly ArtifactRecord[]>;
  /** Ordered by the bytes of their keys, 10,000 at most. @throws {YardError} invalid (`limit`, `offset`) */
  attachments(
    team: TeamRef,
    filter?: AttachmentFilter & { readonly limit?: number; readonly offset?: number },
  ): Promise<readonly AttachmentRecord[]>;
  countAttachments(team: TeamRef, filter?: AttachmentFilter): Promise<number>;
}

const mostListed = 10_000;
/** Values that one statement takes. */
const boundTogether = 500;

export function createFileLists({ database }: Pick<StorageParts, "database">): FileLists {
  const { kysely } = database;

  function ofTeam(team: TeamRef, key: string | undefined) {
    const all = kysely.selectFrom("stored_files").where("kind", "=", "attachment").where("scope", "=", team.id);
    if (key === undefined || key === "") return all;
    // LIKE has wildcards, and on SQLite takes `a` for `A`.
    return all.where(sql<boolean>`replace(name, ${key}, '') <> name`);
  }

  return {
    info: async (file) => toRecord(await requireFile({ database }, file)),

    async artifactsOf(taskUuids) {
      const found: ArtifactRecord[] = [];
      for (let at = 0; at < taskUuids.length; at += boundTogether) {
        const rows = await kysely
          .selectFrom("stored_files")
          .selectAll()
          .where("kind", "=", "artifact")
          .where("scope", "in", taskUuids.slice(at, at + boundTogether))
          .execute();
        found.push(...rows.map(toArtifact));
      }
      return found;
    },

    async attachments(team, { key, limit = mostListed, offset = 0 } = {}) {
      checkCount("limit", limit);
      checkCount("offset", offset);
      const page = ofTeam(team, key).orderBy("name").limit(Math.min(limit, mostListed)).offset(offset);
      return (await page.selectAll().execute()).map(toAttachment);
    },

    async countAttachments(team, { key } = {}) {
      const counted = ofTeam(team, key).select(({ fn }) => fn.countAll<number>().as("files"));
      return (await counted.executeTakeFirstOrThrow()).files;
    },
  };
}

function checkCount(field: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new YardError("invalid", `${field} must be a whole number, 0 or more.`, { field });
}

/** @throws {YardError} not_found */
export async function requireFile({ database }: Pick<StorageParts, "database">, file: FileRef): Promise<StoredFileRow> {
  const { kind, scope, name } = columnsOf(file);
  const row = await database.kysely
    .selectFrom("stored_files")
    .selectAll()
    .where("kind", "=", kind)
    .where("scope", "=", scope)
    .where("name", "=", name)
    .executeTakeFirst();
  if (row === undefined) throw noSuchFile(file);
  return row;
}

export function noSuchFile(file: FileRef): YardError {
  return new YardError("not_found", `There is no ${describeFile(file)}.`, {
    field: file.kind === "artifact" ? "artifact" : "key",
  });
}
