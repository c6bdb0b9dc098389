/** Files on their way to and from the URLs that a yard hands out: its own, or those of its store. Memory stays flat, whatever their size. */
import { createReadStream, createWriteStream } from "node:fs";
import { link, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { errnoOf, isYardError, YardError } from "../platform/errors.ts";
import { randomText } from "../platform/ids.ts";
import { discard, type YardClient } from "./http.ts";

/** Larger than the default 64 KiB: twice as fast. */
const chunkBytes = 1_024 * 1_024;

export interface TransferOptions {
  readonly signal: AbortSignal;
  /** Told again and again how many bytes have gone by. */
  readonly onProgress: (bytes: number) => void;
}

/** @returns bytes @throws {YardError} invalid: it cannot be read, or is no file */
export async function sizeOfFile(path: string): Promise<number> {
  const found = await stat(path).catch((error: unknown) => {
    throw new YardError("invalid", `cannot read ${path}: ${error instanceof Error ? error.message : error}`);
  });
  if (!found.isFile()) throw new YardError("invalid", `${path} is not a regular file`);
  return found.size;
}

/** Puts the file to the URL, exactly as many bytes as were announced. @throws {YardError} precondition: the file has changed */
export async function putFile(
  client: YardClient,
  { url, path, bytes }: { url: string; path: string; bytes: number },
  options: TransferOptions,
): Promise<void> {
  const place = placeOf(client, url);
  const stream = Readable.from(counted(firstBytes(path, bytes), options.onProgress), { objectMode: false });
  const headers = { "content-length": String(bytes) };
  const { signal } = options;
  await discard(await place.client.request({ method: "PUT", path: place.path, headers, stream, signal }));
}

async function* firstBytes(path: string, bytes: number): AsyncGenerator<Buffer, void> {
  let sent = 0;
  if (bytes > 0) {
    const file = createReadStream(path, { end: bytes - 1, highWaterMark: chunkBytes });
    for await (const chunk of file as AsyncIterable<Buffer>) {
      sent += chunk.length;
      yield chunk;
    }
  }
  if (sent !== bytes) throw new YardError("precondition", `${path} has become shorter while it was sent. Try again.`);
}

/** What is at the URL, to its end. @throws {YardError} interrupted: it broke off */
export async function* readUrl(
  client: YardClient,
  url: string,
  { signal, onProgress }: TransferOptions,
): AsyncGenerator<Buffer, void> {
  const place = placeOf(client, url);
  const response = await place.client.request({ method: "GET", path: place.path, signal });
  try {
    yield* counted(response, onProgress);
  } catch (error) {
    if (signal.aborted || !response.errored) throw error;
    throw new YardError("interrupted", `the connection to ${place.client.url} broke off. Try again.`, { cause: error });
  } finally {
    response.destroy();
  }
}

/** Writes what is at the URL into a new file: whole, or not at all.
 *  @param options.force replace what is there @throws {YardError} conflict: there is a file already */
export async function downloadTo(
  client: YardClient,
  { url, path, force }: { url: string; path: string; force: boolean },
  options: TransferOptions,
): Promise<void> {
  const unfinished = join(dirname(path), `.${basename(path)}.${randomText(8)}.unfinished`);
  try {
    await pipeline(readUrl(client, url, options), createWriteStream(unfinished, { flags: "wx" }), {
      signal: options.signal,
    });
    await syncFile(unfinished);
    // Unlike a rename, a link replaces nothing that has come there meanwhile.
    if (force) await rename(unfinished, path);
    else await link(unfinished, path);
  } catch (error) {
    if (errnoOf(error) === "EEXIST")
      throw new YardError("conflict", `there is a file ${path} already. Replace it with --force, or name another.`);
    if (isYardError(error) || options.signal.aborted || errnoOf(error) === undefined) throw error;
    throw new YardError("invalid", `cannot write ${path}: ${error instanceof Error ? error.message : error}`);
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function syncFile(path: string): Promise<void> {
  await using file = await open(path, "r+");
  await file.sync();
}

/** Writes what is at the URL to a stream that stays open. */
export async function downloadInto(
  client: YardClient,
  url: string,
  output: Writable,
  options: TransferOptions,
): Promise<void> {
  await pipeline(readUrl(client, url, options), output, { signal: options.signal, end: false });
}

async function* counted(
  source: AsyncIterable<Buffer>,
  onProgress: TransferOptions["onProgress"],
): AsyncGenerator<Buffer, void> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    onProgress(bytes);
    yield chunk;
  }
}

function placeOf(client: YardClient, url: string): { client: YardClient; path: string } {
  const { origin, pathname, search } = new URL(url);
  return { client: client.withoutCredential(origin), path: `${pathname}${search}` };
}
