/** Archives of what a task has made. They are packed to a file first: whoever takes them is told their exact length before. */
import { createWriteStream } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { asStorageError } from "../platform/errors.ts";
import { writeTar } from "../platform/trees/tar.ts";
import type { TreeEntries } from "../platform/trees/tree-entry.ts";

/** Packing is most of the work of an upload: higher levels take several times as long for a few percent. */
const level = 3;

/** @returns the length of the archive in bytes @throws {YardError} storage_full, and what the entries throw; nothing is left then */
export async function packTo(path: string, entries: TreeEntries, signal: AbortSignal): Promise<number> {
  try {
    await pipeline(writeTar(entries), createGzip({ level }), createWriteStream(path, { flags: "wx", mode: 0o600 }), {
      signal,
    });
    return (await stat(path)).size;
  } catch (error) {
    await rm(path, { force: true });
    throw asStorageError(error, "An archive cannot be packed");
  }
}
