/** The files of tasks and teams: uploaded and downloaded by URLs that are good for one thing and some time, counted against the quota of a team. Who may do
 *  what, whoever calls has decided before. */
import type { BlobStore, BlobUrls } from "../../platform/blobs/blob-store.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Database } from "../../platform/db/database.ts";
import type { Log } from "../../platform/log.ts";
import { every } from "../../platform/timers.ts";
import type { TeamRef } from "../task.ts";
import { beginUpload } from "./begin-upload.ts";
import { createDownloads, type Downloads } from "./downloads.ts";
import { createFileLists, type FileLists } from "./file-lists.ts";
import { createRemoval, type Removal } from "./removal.ts";
import type { FileRef } from "./stored-file.ts";
import { readQuota, readUsage, type Usage } from "./team-usage.ts";
import { createUpkeep, type Upkeep } from "./upkeep.ts";
import { admit, arrived } from "./uploads.ts";

export interface NewUpload {
  /** Whose quota it takes. */
  readonly team: TeamRef;
  readonly file: FileRef;
  /** Of the body, exactly. */
  readonly bytes: number;
  /** Earlier URLs for the file are good for nothing any more: a worker whose task was given to another must not replace what that one uploads. */
  readonly isOnlyOne?: boolean;
}

export interface StoredFiles extends FileLists, Downloads, Removal, Upkeep {
  /** A URL to PUT the file's content by, good for an hour; until that has arrived the file has the content that it had before.
   *  @returns `existed`: the file was known before
   *  @throws {YardError} invalid (`key`, `bytes`); forbidden: it does not fit into the quota, and nothing is changed */
  begin(upload: NewUpload): Promise<{ readonly url: string; readonly existed: boolean }>;
  usage(teamId: string): Promise<Usage>;
  /** For whoever serves the URLs, where that is us. */
  readonly uploads: {
    /** Before content is taken in. @throws {YardError} forbidden: nobody waits for it any more */
    admit(blobKey: string): Promise<void>;
    /** When it is stored. @throws {YardError} forbidden: it came too late, and is not kept */
    arrived(blobKey: string): Promise<void>;
  };
}

export interface StorageParts {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly urls: BlobUrls;
  readonly clock: Clock;
  /** Of a team that has none of its own. */
  readonly defaultQuotaBytes: number;
}

export function createStoredFiles(parts: StorageParts): StoredFiles {
  const { kysely } = parts.database;
  return {
    ...createFileLists(parts),
    ...createDownloads(parts),
    ...createRemoval(parts),
    ...createUpkeep(parts),
    begin: (upload) => beginUpload(parts, upload),
    async usage(teamId) {
      const { usedBytes } = await readUsage(kysely, teamId);
      return { usedBytes, quotaBytes: await readQuota(kysely, teamId, parts.defaultQuotaBytes) };
    },
    uploads: { admit: (blobKey) => admit(parts, blobKey), arrived: (blobKey) => arrived(parts, blobKey) },
  };
}

const settleEveryMs = 60_000;
const sweepEveryMs = 12 * 3_600_000;

/** Puts right by itself what uploads and crashes have left. */
export function keepStoredFiles(files: Upkeep, log: Log): AsyncDisposable {
  const stopping = new AbortController();
  async function attempt(what: string, work: () => Promise<Readonly<Record<string, number>>>): Promise<void> {
    try {
      const counts = await work();
      if (Object.values(counts).some((count) => count > 0)) log.info(counts, what);
    } catch (error) {
      if (!stopping.signal.aborted) log.error({ err: error }, `${what}: this failed, and is tried again later`);
    }
  }
  const settling = every(settleEveryMs, () => attempt("uploads were looked after", () => files.settleUploads()));
  const sweeping = every(sweepEveryMs, () =>
    attempt("files and their content were compared", () => files.sweep({ signal: stopping.signal })),
  );
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await settling[Symbol.asyncDispose]();
      await sweeping[Symbol.asyncDispose]();
    },
  };
}
