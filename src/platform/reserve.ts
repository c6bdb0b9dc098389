/** Space on the disk that is held back for what must work when the disk is full: stopping things, and recording that. */
import { closeSync, existsSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { isYardError } from "./errors.ts";
import { every } from "./timers.ts";

export interface Reserve extends AsyncDisposable {
  /** Does `work`; if the disk is too full for it, gives the reserve back to the disk and does it once more. */
  essential<T>(work: () => Promise<T>): Promise<T>;
}

/** Enough for thousands of small commits of the database. */
const reserveBytes = 8 * 1024 * 1024;
const refillMs = 5_000;

/** Takes the space now if there is enough, else, and after each use, as soon as there is again. */
export function openReserve(path: string): Reserve {
  fill(path);
  const refilling = every(refillMs, async () => fill(path));

  return {
    async essential(work) {
      try {
        return await work();
      } catch (error) {
        if (!isYardError(error, "storage_full") || !existsSync(path)) throw error;
        rmSync(path, { force: true });
        return await work();
      }
    },
    [Symbol.asyncDispose]: () => refilling[Symbol.asyncDispose](),
  };
}

/** Writes real blocks: a file with a hole would hold nothing back. A part of the reserve is none: it goes again. */
function fill(path: string): void {
  if (existsSync(path) && statSync(path).size >= reserveBytes) return;
  const { bavail, bsize } = statfsSync(dirname(path));
  if (bavail * bsize < 2 * reserveBytes) return; // taking the last of it would fill the disk for everybody else
  const unfinished = openSync(path, "w", 0o600);
  try {
    const block = Buffer.alloc(1024 * 1024);
    for (let written = 0; written < reserveBytes; ) written += writeSync(unfinished, block);
    fsyncSync(unfinished);
  } catch {
    rmSync(path, { force: true }); // somebody else took the space meanwhile: the next turn tries again
  } finally {
    closeSync(unfinished);
  }
}
