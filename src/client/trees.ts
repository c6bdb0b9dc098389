/** The calls behind `runyard fs pull`, `push` and `ls`: the yard's own API carries the files of snapshots as tar archives. */
import { isYardError, YardError } from "../platform/errors.ts";
import { readDirectory } from "../platform/trees/read-directory.ts";
import { maxTarBytes, readTar, writeTar } from "../platform/trees/tar.ts";
import type { TreeEntries, TreeEntry } from "../platform/trees/tree-entry.ts";
import { writeDirectory } from "../platform/trees/write-directory.ts";
import { readJson, type YardClient } from "./http.ts";
import { asObject, numberField, optionalTextField, textField } from "./json.ts";

/** As much as a yard keeps in one tree. */
const treeLimits = { maxBytes: 4 * 1024 ** 3, maxEntries: 1_000_000 };

export interface ListedEntry {
  /** From the root of the snapshot, without a slash in front. */
  readonly path: string;
  /** `file`, `directory` or `symlink`. */
  readonly type: string;
  /** Permission bits. */
  readonly mode: number;
  /** Bytes of a file. */
  readonly size: number;
  /** Of a symbolic link. */
  readonly target?: string;
}

/** What is below `path` of a snapshot, or the one that is there; each directory before what is in it. Page after page, as it is read.
 *  @throws {YardError} not_found: there is nothing at that path */
export async function* listTree(
  client: YardClient,
  snapshot: string,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<ListedEntry, void> {
  for (let after: string | undefined, isFirst = true; isFirst || after !== undefined; isFirst = false) {
    const query = { path, after };
    const reply = await client.request({ method: "GET", path: `${treePath(snapshot)}/entries`, query, signal });
    const page = asObject(await readJson(reply), "the page");
    if (!Array.isArray(page.entries)) throw new TypeError('"entries" is no array');
    for (const entry of page.entries) yield listedEntry(entry);
    after = optionalTextField(page, "next");
  }
}

function listedEntry(value: unknown): ListedEntry {
  const entry = asObject(value, "an entry");
  return {
    path: textField(entry, "path"),
    type: textField(entry, "type"),
    mode: numberField(entry, "mode"),
    size: numberField(entry, "size"),
    target: optionalTextField(entry, "target"),
  };
}

export interface TransferOptions {
  readonly signal: AbortSignal;
  /** Told again and again how much has gone by. */
  readonly onProgress: (soFar: Transferred) => void;
}

export interface Transferred {
  readonly entries: number;
  readonly bytes: number;
}

/** Writes all files of a snapshot into a directory that is made, or is empty: whole, or not at all.
 *  @throws {YardError} not_found; conflict: the directory holds something; interrupted: the transfer broke off */
export async function pullTree(
  client: YardClient,
  snapshot: string,
  directory: string,
  { signal, onProgress }: TransferOptions,
): Promise<Transferred> {
  const response = await client.request({ method: "GET", path: treePath(snapshot), signal });
  try {
    const entries = readTar(response, { maxBytes: maxTarBytes(treeLimits) });
    return await writeDirectory(directory, counted(entries, onProgress), treeLimits);
  } catch (error) {
    if (signal.aborted || isYardError(error) || !response.errored) throw error;
    throw new YardError("interrupted", `the connection to ${client.url} broke off. Nothing was written; try again.`, {
      cause: error,
    });
  } finally {
    response.destroy();
  }
}

/** Makes a snapshot of a directory. @returns its id
 *  @throws {YardError} invalid: no directory; too_large: more than a yard keeps in one tree */
export async function pushTree(
  client: YardClient,
  directory: string,
  { signal, onProgress, onSkipped }: TransferOptions & { readonly onSkipped: (path: string) => void },
): Promise<Transferred & { readonly id: string }> {
  const stream = writeTar(counted(readDirectory(directory, { onSkipped }), onProgress));
  const headers = { "content-type": "application/x-tar" };
  const reply = await client.request({ method: "POST", path: "/yard/v1/trees", headers, stream, signal });
  const made = asObject(await readJson(reply), "the answer");
  return { id: textField(made, "id"), entries: numberField(made, "entries"), bytes: numberField(made, "bytes") };
}

async function* counted(
  source: TreeEntries,
  onProgress: TransferOptions["onProgress"],
): AsyncGenerator<TreeEntry, void> {
  let [entries, bytes] = [0, 0];
  async function* countedContent(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    for await (const part of content) {
      bytes += part.length;
      onProgress({ entries, bytes });
      yield part;
    }
  }
  for await (const entry of source) {
    entries += 1;
    yield entry.type === "file" ? { ...entry, content: countedContent(entry.content) } : entry;
  }
}

function treePath(snapshot: string): string {
  return `/yard/v1/trees/${encodeURIComponent(snapshot)}`;
}
