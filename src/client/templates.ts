/** The calls behind `runyard template`: what capsules start from. */
import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { YardError } from "../platform/errors.ts";
import { discard, readJson, type YardClient } from "./http.ts";
import { asObject, type JsonObject, numberField, textField } from "./json.ts";
import { timeIn } from "./tasks.ts";
import { sizeOfFile } from "./transfers.ts";

export interface TemplateSeen {
  readonly json: JsonObject;
  readonly name: string;
  /** `base` or `snapshot`. */
  readonly type: string;
  /** Bytes. */
  readonly size: number;
  readonly createdAt: Date;
  readonly isShared: boolean;
}

/** The team's and everybody's, newest first. */
export async function listTemplates(client: YardClient): Promise<TemplateSeen[]> {
  const templates = await readJson(await client.request({ method: "GET", path: "/v1/snapshots" }));
  if (!Array.isArray(templates)) throw new TypeError("the list of templates is no array");
  return templates.map((value) => {
    const json = asObject(value, "a template");
    return {
      json,
      name: textField(json, "name"),
      type: textField(json, "type"),
      size: numberField(json, "size_bytes"),
      createdAt: timeIn(json, "created_at"),
      isShared: json.platform === true,
    };
  });
}

/** @throws {YardError} not_found; forbidden, for one that is everybody's */
export async function removeTemplate(client: YardClient, name: string): Promise<void> {
  await discard(await client.request({ method: "DELETE", path: `/v1/snapshots/${encodeURIComponent(name)}` }));
}

export interface TemplateImport {
  readonly name: string;
  readonly isShared: boolean;
  /** A tar archive of a root file system, plain or gzipped. */
  readonly archive: Readable;
  readonly signal: AbortSignal;
  /** Whose capsules start from it; the one that the yard chooses, if absent. */
  readonly driver?: string;
  /** It is made ready for capsules of that size. */
  readonly size?: { readonly vcpus?: number; readonly memoryMb?: number };
}

/** @returns bytes of its files together @throws {YardError} invalid, conflict, storage_full */
export async function importTemplate(
  client: YardClient,
  { name, isShared, archive: stream, signal, driver, size = {} }: TemplateImport,
): Promise<{ readonly json: JsonObject; readonly size: number }> {
  const query = { name, shared: isShared, driver, vcpus: size.vcpus, memory_mb: size.memoryMb };
  const headers = { "content-type": "application/x-tar" };
  const call = { path: "/yard/v1/templates", query, headers, stream, signal, timeoutMs: unpackMs };
  const json = asObject(await readJson(await client.request({ method: "POST", ...call })), "the answer");
  return { json, size: numberField(json, "bytes") };
}

/** Nothing moves on the connection while the yard unpacks what has come last. */
const unpackMs = 30 * 60_000;

/** @throws {YardError} invalid: it cannot be read, or is no file */
export async function openArchive(path: string): Promise<Readable> {
  if (path === "-") return process.stdin;
  if ((await sizeOfFile(path)) === 0) throw new YardError("invalid", `${path} is empty, and so is no archive`);
  return createReadStream(path, { highWaterMark: 1024 * 1024 });
}
