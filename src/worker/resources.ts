/** Brings the files that a task needs, before its command starts. */
import { constants } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { asStorageError, isYardError } from "../platform/errors.ts";
import type { WorkerCalls } from "./coordinator.ts";
import { TaskFailed } from "./end.ts";
import type { CoordinatorHttp } from "./http.ts";
import type { Download, Resource } from "./wire.ts";

export interface ResourceParts {
  readonly calls: Pick<WorkerCalls, "artifact" | "attachment">;
  readonly http: Pick<CoordinatorHttp, "download">;
}

export interface ResourceRequest {
  readonly taskUuid: string;
  readonly resources: readonly Resource[];
  /** Nothing is written outside of it. Empty. */
  readonly directory: string;
  /** Aborted when the time for all of them is over, or the task is dropped. */
  readonly signal: AbortSignal;
}

const fileTimeoutMs = 120_000;
const { O_CREAT, O_WRONLY, O_TRUNC, O_NOFOLLOW } = constants;

/** @throws {TaskFailed} they cannot be had; the reason of the signal; {YardError} storage_full */
export async function fetchResources(parts: ResourceParts, request: ResourceRequest): Promise<void> {
  const { taskUuid, directory, signal } = request;
  for (const { remote_file: file, local_path: path } of request.resources) {
    const target = placeBelow(directory, path);
    const source = await find(() =>
      "Artifact" in file
        ? parts.calls.artifact(file.Artifact.uuid, file.Artifact.content_type, signal)
        : parts.calls.attachment(taskUuid, file.Attachment.key, signal),
    );
    await bring(parts, { source, target, signal });
  }
}

/** @throws {TaskFailed} if it would lead out of the directory: nobody who means well asks for that */
function placeBelow(directory: string, path: string): string {
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  const isBelow = !path.startsWith("/") && names.length > 0 && !names.includes("..") && !path.includes("\0");
  if (!isBelow) throw forbidden(new Error(`${JSON.stringify(path.slice(0, 200))} is no path below a directory`));
  return join(directory, ...names);
}

async function find(ask: () => Promise<Download>): Promise<Download> {
  try {
    return await ask();
  } catch (error) {
    if (isYardError(error, "not_found"))
      throw new TaskFailed("ResourceNotFound", "FetchResourceNotFound", { cause: error });
    if (isYardError(error, "forbidden")) throw forbidden(error);
    throw error;
  }
}

async function bring(
  { http }: ResourceParts,
  { source, target, signal }: { source: Download; target: string; signal: AbortSignal },
): Promise<void> {
  const late = AbortSignal.timeout(fileTimeoutMs);
  const either = AbortSignal.any([signal, late]);
  try {
    const response = await http.download({ url: source.url, signal: either });
    if (response.statusCode === undefined || response.statusCode < 200 || response.statusCode > 299) {
      response.resume();
      throw forbidden(new Error(`the storage answers with status ${response.statusCode}`));
    }
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    const file = await open(target, O_CREAT | O_WRONLY | O_TRUNC | O_NOFOLLOW, 0o600);
    await pipeline(response, file.createWriteStream(), { signal: either });
  } catch (error) {
    signal.throwIfAborted();
    if (late.aborted) throw new TaskFailed("FetchResourceTimeout", "FetchResourceTimeout", { cause: error });
    if (error instanceof TaskFailed) throw error;
    const known = asStorageError(error, "A resource cannot be stored");
    // A storage that breaks off, or a path that cannot be: it is a directory already, or too long.
    throw isYardError(known, "storage_full") ? known : forbidden(error);
  }
}

function forbidden(cause: unknown): TaskFailed {
  return new TaskFailed("ResourceForbidden", "FetchResourceForbidden", { cause });
}
