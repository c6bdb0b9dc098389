/** Uploads what a task has made: of its directories those that hold something, and what it has printed. */
import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { backoffMs } from "../platform/backoff.ts";
import { isYardError, YardError } from "../platform/errors.ts";
import type { Log } from "../platform/log.ts";
import type { TreeEntries } from "../platform/trees/tree-entry.ts";
import { isEmpty, type TaskDirectories } from "./directories.ts";
import type { CoordinatorHttp } from "./http.ts";
import { packTo } from "./pack.ts";
import type { Reporter } from "./reporter.ts";
import type { StdLog } from "./std-log.ts";
import { directoryTree } from "./tree.ts";
import type { ArtifactType } from "./wire.ts";

export interface UploadParts {
  readonly reporter: Pick<Reporter, "report">;
  readonly http: Pick<CoordinatorHttp, "upload">;
  readonly log: Pick<Log, "warn">;
  /** Links in what a task has made are those of this machine. */
  readonly followsLinks: boolean;
}

export interface Artifact {
  readonly type: ArtifactType;
  entries(): TreeEntries;
}

export interface UploadRequest {
  readonly taskId: number;
  readonly artifacts: readonly Artifact[];
  readonly directory: string;
  /** Aborted when the time for all of them is over, or the task is dropped. */
  readonly signal: AbortSignal;
}

const backoff = { baseMs: 500, maxMs: 15_000 };
const leastWaitMs = 500;

/** In the order in which they go up. */
export function artifactsOf(
  directories: TaskDirectories,
  output: StdLog | undefined,
  { followsLinks, log }: Pick<UploadParts, "followsLinks" | "log">,
): readonly Artifact[] {
  const onSkipped = (path: string) => log.warn({ path }, "an archive has no word for this, so it is left out");
  const found: Artifact[] = [];
  for (const [type, directory] of [
    ["result", directories.result],
    ["exec-log", directories.exec],
  ] as const) {
    if (isEmpty(directory)) continue;
    found.push({ type, entries: () => directoryTree(directory, { prefix: type, followsLinks, onSkipped }) });
  }
  if (output) found.push({ type: "std-log", entries: () => output.entries() });
  return found;
}

/** Those that may go up; a team whose quota is used up gets none of the rest.
 *  @throws {YardError} what keeps an archive from being packed; of reports, as `Reporter.report`; the reason of the signal */
export async function uploadAll(parts: UploadParts, request: UploadRequest): Promise<void> {
  for (const artifact of request.artifacts) {
    const path = join(request.directory, `${artifact.type}.tar.gz`);
    const bytes = await packWhenThereIsSpace(parts, path, artifact, request.signal);
    try {
      if (!(await uploadOne(parts, request, { type: artifact.type, path, bytes }))) return;
    } finally {
      await rm(path, { force: true });
    }
  }
}

async function packWhenThereIsSpace(
  { log }: UploadParts,
  path: string,
  artifact: Artifact,
  signal: AbortSignal,
): Promise<number> {
  for (let failures = 1; ; failures++) {
    try {
      return await packTo(path, artifact.entries(), signal);
    } catch (error) {
      if (!isYardError(error, "storage_full")) throw error;
      if (failures === 1) log.warn({ err: error }, "the disk is full; what a task has made waits for space");
      await delay(Math.max(leastWaitMs, backoffMs(failures, backoff)), undefined, { signal });
    }
  }
}

interface Packed {
  readonly type: ArtifactType;
  readonly path: string;
  readonly bytes: number;
}

/** @returns false: neither this one nor another may be uploaded */
async function uploadOne(parts: UploadParts, { taskId, signal }: UploadRequest, packed: Packed): Promise<boolean> {
  for (let failures = 0; ; ) {
    const url = await placeFor(parts, taskId, packed);
    if (url === undefined) return false;
    const failure = await put(parts, url, packed, signal);
    if (failure === undefined) return true;
    if (failures++ === 0)
      parts.log.warn({ err: failure, artifact: packed.type }, "an upload has failed; it is tried again");
    await delay(Math.max(leastWaitMs, backoffMs(failures, backoff)), undefined, { signal });
  }
}

async function placeFor({ reporter, log }: UploadParts, taskId: number, packed: Packed): Promise<string | undefined> {
  try {
    const op = { Upload: { content_type: packed.type, content_length: packed.bytes } };
    const url = await reporter.report(taskId, op);
    if (url === null) throw new YardError("internal", "The coordinator names no place for an artifact.");
    return url;
  } catch (error) {
    if (!isYardError(error, "forbidden") && !isYardError(error, "invalid") && !isYardError(error, "too_large"))
      throw error;
    log.warn(
      { err: error, artifact: packed.type, bytes: packed.bytes },
      "an artifact is not taken; the task ends without it",
    );
    return undefined;
  }
}

/** @returns what went wrong */
async function put({ http }: UploadParts, url: string, { path, bytes }: Packed, signal: AbortSignal): Promise<unknown> {
  try {
    const reply = await http.upload({
      url,
      bytes,
      content: createReadStream(path, { highWaterMark: 1024 ** 2 }),
      signal,
    });
    if (reply.status >= 200 && reply.status < 300) return undefined;
    return new Error(`the storage answers with status ${reply.status}`);
  } catch (error) {
    signal.throwIfAborted();
    return error;
  }
}
