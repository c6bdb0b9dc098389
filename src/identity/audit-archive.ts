/** Entries of the audit log in a file: one JSON in a line, gzipped. Each has its hash, so the file is as verifiable as the log was. */
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { AuditEntryRow } from "../platform/db/schema.ts";
import { asStorageError } from "../platform/errors.ts";

export interface Archive {
  readonly path: string;
  /** Of the file, hex. */
  readonly sha256: string;
}

/** Resolves once the file is on the disk, whole and under its name; else there is none.
 *  @param name without an ending
 *  @param check of each page, before it is written; what it throws ends this */
export async function writeArchive(
  directory: string,
  name: string,
  pages: AsyncIterable<readonly AuditEntryRow[]>,
): Promise<Archive> {
  const path = join(directory, `${name}.jsonl.gz`);
  const unfinished = `${path}.unfinished`;
  const hash = createHash("sha256");
  async function* noted(parts: AsyncIterable<Buffer>) {
    for await (const part of parts) {
      hash.update(part);
      yield part;
    }
  }
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await pipeline(linesOf(pages), createGzip(), noted, createWriteStream(unfinished, { mode: 0o600, flush: true }));
    await rename(unfinished, path);
    await syncDirectory(directory);
    return { path, sha256: hash.digest("hex") };
  } catch (error) {
    await rm(unfinished, { force: true });
    throw asStorageError(error, "the archive of the audit log cannot be written: nothing was pruned");
  }
}

async function* linesOf(pages: AsyncIterable<readonly AuditEntryRow[]>): AsyncGenerator<string> {
  for await (const rows of pages) yield rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}

/** A name is on the disk once its directory is. */
async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path);
  await directory.sync();
}
