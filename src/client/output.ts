/** What an app has printed, read from the yard: a page, or as it is printed. */
import type { IncomingMessage } from "node:http";
import type { Writable } from "node:stream";
import { YardError } from "../platform/errors.ts";
import { readBytes, type YardClient } from "./http.ts";
import { writeTo } from "./write.ts";

const mostPageBytes = 1024 * 1024;

/** One run of an app. */
export interface RunId {
  /** Of the app. */
  readonly name: string;
  readonly run: string;
}

export interface OutputPage {
  readonly bytes: Buffer;
  /** Position of the first byte: higher than asked for when older output is gone. */
  readonly from: number;
  /** All that the run has printed so far. */
  readonly size: number;
  readonly run: string;
  /** Nothing will come after `size`. */
  readonly ended: boolean;
}

export interface PageRequest {
  readonly position?: number;
  /** Bytes at most; by default as many as a page may hold. */
  readonly limit?: number;
  /** Default: the current or last run. */
  readonly run?: string;
  /** In place of `run`: the k-th run before the current or last one. */
  readonly index?: number;
  readonly signal?: AbortSignal;
}

/** @throws {YardError} not_found: no such app, or no such run of it */
export async function readOutputPage(
  client: YardClient,
  name: string,
  { signal, ...query }: PageRequest,
): Promise<OutputPage> {
  const response = await client.request({ method: "GET", path: pathOf(name), query, signal });
  const bytes = await readBytes(response);
  return {
    bytes,
    from: countIn(response, "x-output-position"),
    size: countIn(response, "x-output-size"),
    run: headerOf(response, "x-output-run"),
    ended: headerOf(response, "x-output-ended") === "true",
  };
}

/** The output from `position` on, as it is printed, until the run has ended or the yard closes. `from` is the position of the first byte:
 *  higher than asked for when older output is gone. */
export async function followOutput(
  client: YardClient,
  { name, run }: RunId,
  options: { position: number; signal: AbortSignal },
): Promise<{ from: number; body: IncomingMessage }> {
  const body = await client.request({
    method: "GET",
    path: pathOf(name),
    query: { follow: true, run, position: options.position },
    signal: options.signal,
    timeoutMs: Number.POSITIVE_INFINITY, // a yard may begin its reply with the first byte of output
  });
  return { from: countIn(body, "x-output-position"), body };
}

export interface CopyTarget {
  readonly output: Writable;
  readonly signal: AbortSignal;
}

/** Copies what the run has printed between two positions; of what is gone, nothing. */
export async function copyOutput(
  client: YardClient,
  { name, run }: RunId,
  { from, to }: { from: number; to: number },
  { output, signal }: CopyTarget,
): Promise<void> {
  let position = from;
  while (position < to) {
    const limit = Math.min(to - position, mostPageBytes);
    const page = await readOutputPage(client, name, { run, position, limit, signal });
    if (page.bytes.length === 0) return;
    await writeTo(output, page.bytes, signal);
    position = page.from + page.bytes.length;
  }
}

function pathOf(name: string): string {
  return `/yard/v1/apps/${encodeURIComponent(name)}/output`;
}

function countIn(response: IncomingMessage, header: string): number {
  const count = Number(headerOf(response, header));
  if (!Number.isSafeInteger(count)) throw new YardError("internal", `the yard's header ${header} is no position`);
  return count;
}

function headerOf(response: IncomingMessage, header: string): string {
  const value = response.headers[header];
  if (typeof value === "string") return value;
  response.destroy();
  throw new YardError("internal", `the yard's answer has no ${header}: is it a Runyard of this version?`);
}
