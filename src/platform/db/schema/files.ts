/** Artifacts of tasks and attachments of teams. */

export interface FileTables {
  stored_files: StoredFileRow;
  file_uploads: FileUploadRow;
  doomed_blobs: DoomedBlobRow;
  team_usage: TeamUsageRow;
}

/** An artifact of a task or an attachment of a team: known since somebody wanted to upload it. */
export interface StoredFileRow {
  id: string;
  /** Whose quota it counts against. */
  team_id: string;
  kind: "artifact" | "attachment";
  /** Of what it is: the task's uuid, or the team's id. */
  scope: string;
  /** The kind of artifact, or the attachment's key. */
  name: string;
  /** The largest that was announced. */
  size: number;
  /** Of its content; while there is none, of the upload that was announced last. */
  blob_key: string;
  /** Of its content; null: there is none. */
  bytes: number | null;
  /** When the content arrived. */
  content_at: number;
  /** Until then a URL may be out there by which the content can be put again. */
  writable_until: number;
  /** Of the team's quota: the content, or an upload on its way that is larger. */
  charged_bytes: number;
  created_at: number;
  updated_at: number;
}

/** A URL that was given out, until its content has arrived or can arrive no more. */
export interface FileUploadRow {
  blob_key: string;
  file_id: string;
  team_id: string;
  bytes: number;
  expires_at: number;
  /** 1: it has expired, and holds no quota any more. One that began in time may still arrive. */
  has_lapsed: number;
}

/** Content that nothing leads to. */
export interface DoomedBlobRow {
  blob_key: string;
  /** Until then it may be put once more, and is looked for once more. */
  until: number;
  is_deleted: number;
}

export interface TeamUsageRow {
  team_id: string;
  /** Content that is there. */
  used_bytes: number;
  /** Of the quota: that, and what is on its way. */
  charged_bytes: number;
}
