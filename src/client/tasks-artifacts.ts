/** What tasks have left: `result` and `exec-log`, archives of what they wrote, and `std-log`, what they printed. */
import type { Writable } from "node:stream";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { YardError } from "../platform/errors.ts";
import { readTar } from "../platform/trees/tar.ts";
import { readJson, type YardClient } from "./http.ts";
import { inert } from "./inert.ts";
import { asObject, numberField, textField } from "./json.ts";
import { readUrl } from "./transfers.ts";
import { writeTo } from "./write.ts";

export const artifactTypes = ["result", "exec-log", "std-log"] as const;
export type ArtifactType = (typeof artifactTypes)[number];

/** A file's name, as archives of that type are known. */
export function archiveName(type: ArtifactType): string {
  return `${type}.tar.gz`;
}

/** Where something is, for some hours. */
export interface Place {
  readonly url: string;
  /** Bytes. */
  readonly size: number;
}

/** Undefined: the task has not left that. */
export async function findArtifact(client: YardClient, uuid: string, type: ArtifactType): Promise<Place | undefined> {
  const json = { uuids: [uuid], content_type: type };
  const response = await client.request({ method: "POST", path: "/tasks/download/artifacts/list", json });
  return firstPlace(await readJson(response));
}

/** The first of a list of downloads. */
export function firstPlace(value: unknown): Place | undefined {
  const { downloads } = asObject(value, "the answer");
  if (!Array.isArray(downloads)) throw new TypeError("the downloads are no array");
  if (downloads.length === 0) return undefined;
  const first = asObject(downloads[0], "a download");
  return { url: textField(first, "url"), size: numberField(first, "size") };
}

export interface TaskOutput {
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly signal: AbortSignal;
}

/** No task prints more; what is beyond is an archive that means harm. */
const mostLogBytes = 1_024 ** 4;

/** Copies what the task printed. Workers send that when the task has ended. @returns false if nothing was kept */
export async function copyTaskOutput(client: YardClient, uuid: string, output: TaskOutput): Promise<boolean> {
  const place = await findArtifact(client, uuid, "std-log");
  if (!place) return false;
  const archive = Readable.from(readUrl(client, place.url, { signal: output.signal, onProgress: () => {} }));
  const unpacked = archive.pipe(createGunzip());
  archive.once("error", (error) => unpacked.destroy(error));
  try {
    for await (const entry of readTar(unpacked, { maxBytes: mostLogBytes })) {
      const target = entry.path.endsWith("stderr.log") ? output.stderr : output.stdout;
      if (entry.type !== "file") continue;
      for await (const part of entry.content) await writeTo(target, part, output.signal);
    }
    return true;
  } catch (error) {
    if (output.signal.aborted || !isZlibError(error)) throw error;
    throw new YardError("invalid", `what the task ${inert(uuid)} printed cannot be read: it is no gzip archive`);
  } finally {
    archive.destroy();
    unpacked.destroy();
  }
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("Z_");
}
