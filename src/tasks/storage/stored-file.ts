/** Files that are kept for tasks: artifacts, which a task has left, and attachments, which a team brings along. */
import type { StoredFileRow } from "../../platform/db/schema.ts";
import { YardError } from "../../platform/errors.ts";
import { type ArtifactKind, artifactKinds, type TeamRef } from "../task.ts";

/** Which file: a task has one artifact of each kind, a team one attachment of each key. */
export type FileRef =
  | { readonly kind: "artifact"; readonly taskUuid: string; readonly artifact: ArtifactKind }
  | { readonly kind: "attachment"; readonly team: TeamRef; readonly key: string };

/** A file is known from the moment that somebody was given a URL to upload it, whether or not content has arrived. */
export interface FileRecord {
  /** The largest that was announced for it, in bytes. */
  readonly size: number;
  /** Milliseconds since 1970; `updatedAt`: when it was announced last. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface ArtifactRecord extends FileRecord {
  readonly taskUuid: string;
  readonly artifact: ArtifactKind;
}

export interface AttachmentRecord extends FileRecord {
  readonly key: string;
}

/** Of the team's name, `/` and the key: what stores of objects allow. */
const keyLimitBytes = 1_024;

/** @throws {YardError} invalid */
export function checkAttachmentKey(team: TeamRef, key: string): void {
  const path = `${team.name}/${key}`;
  const fault =
    key === ""
      ? "must not be empty"
      : !key.isWellFormed() || key.includes("\0")
        ? "must be Unicode text without NUL"
        : Buffer.byteLength(path) >= keyLimitBytes
          ? `must be shorter, ${keyLimitBytes - 1} bytes with the team's name and a slash at most`
          : /\/\.{0,2}\//.test(path)
            ? "must have no part that is empty, `.` or `..`"
            : undefined;
  if (fault !== undefined) throw new YardError("invalid", `The key of an attachment ${fault}.`, { field: "key" });
}

/** The columns that name it. */
export function columnsOf(ref: FileRef): Pick<StoredFileRow, "kind" | "scope" | "name"> {
  if (ref.kind === "artifact") return { kind: ref.kind, scope: ref.taskUuid, name: ref.artifact };
  return { kind: ref.kind, scope: ref.team.id, name: ref.key };
}

/** For messages. */
export function describeFile(ref: FileRef): string {
  if (ref.kind === "artifact") return `artifact ${ref.artifact} of task ${ref.taskUuid}`;
  return `attachment ${ref.key} of ${ref.team.name}`;
}

/** What it is saved as. */
export function fileNameOf(ref: FileRef): string {
  if (ref.kind === "artifact") return `${ref.artifact}.tar.gz`;
  return ref.key.split("/").findLast((part) => part !== "") ?? ref.key;
}

export function toRecord(row: StoredFileRow): FileRecord {
  return { size: row.size, createdAt: row.created_at, updatedAt: row.updated_at };
}

export function toArtifact(row: StoredFileRow): ArtifactRecord {
  const artifact = artifactKinds.find((kind) => kind === row.name);
  if (artifact === undefined) throw new TypeError(`The database has an artifact of the unknown kind ${row.name}.`);
  return { ...toRecord(row), taskUuid: row.scope, artifact };
}

export function toAttachment(row: StoredFileRow): AttachmentRecord {
  return { ...toRecord(row), key: row.name };
}
