/** Between Mitosis' words for artifacts and attachments and the domain's. */
import type { ArtifactRecord, AttachmentRecord, FileRecord } from "../../tasks/storage/stored-file.ts";
import type { ArtifactKind, TeamRef } from "../../tasks/task.ts";
import { quirks, type Reading } from "./quirks.ts";
import { timeToWire } from "./times.ts";

export interface ArtifactRef {
  readonly kind: "artifact";
  readonly taskUuid: string;
  readonly artifact: ArtifactKind;
}

export function artifactRef(taskUuid: string, artifact: ArtifactKind): ArtifactRef {
  return { kind: "artifact", taskUuid, artifact };
}

export interface AttachmentRef {
  readonly kind: "attachment";
  readonly team: TeamRef;
  readonly key: string;
}

export function attachmentRef(team: TeamRef, key: string): AttachmentRef {
  return { kind: "attachment", team, key };
}

/** A file that changed within the hour may still be on its way: the URL for its upload is good for so long. */
export const youngMs = 3_600_000;

function recordToWire(record: FileRecord, reading: Reading) {
  return {
    size: record.size,
    created_at: timeToWire(record.createdAt, reading),
    updated_at: timeToWire(record.updatedAt, reading),
  };
}

export function artifactToWire(record: ArtifactRecord, reading: Reading) {
  return { content_type: record.artifact, ...recordToWire(record, reading) };
}

export function attachmentToWire(record: FileRecord, reading: Reading) {
  return { content_type: quirks.attachmentContentType[reading], ...recordToWire(record, reading) };
}

export function attachmentItemToWire(record: AttachmentRecord, reading: Reading) {
  return { key: record.key, ...attachmentToWire(record, reading) };
}
