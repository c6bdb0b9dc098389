/** A small state kept on disk as the list of its changes: one JSON record per line, appended before or after each act, replayed at
 *  the next start. Survives the death of the process at any point; a line torn by it is ignored.
 *
 *  On a full disk intents are refused and facts are kept in memory: the file is then behind, and is written anew from the state as soon
 *  as there is space. */
import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { asStorageError, errnoOf, YardError } from "./errors.ts";

export interface Journal<Entry> extends Disposable {
  /** Before an act. @throws {YardError} storage_full: do not act, nothing was recorded */
  intend(entry: Entry): void;
  /** After an act. Never fails: what cannot be written now is written later from the state. */
  note(entry: Entry): void;
  /** The file lacks facts, for want of space. */
  readonly behind: boolean;
}

export interface JournalParts<Entry> {
  readonly path: string;
  /** Called for each line that is there at the start, in order. Must not throw on what it does not understand. */
  readonly replay: (entry: unknown) => void;
  /** The entries that make the present state: the file is rewritten with them when it has grown. */
  readonly snapshot: () => Iterable<Entry>;
  readonly retryMs?: number;
}

/** The file is rewritten once it has grown by this much, and to four times what the last rewrite left. */
const compactAfterBytes = 1024 * 1024;

export function openJournal<Entry>(parts: JournalParts<Entry>): Journal<Entry> {
  const { path, snapshot, retryMs = 1_000 } = parts;
  replayFile(path, parts.replay);
  let compactedBytes = rewrite(path, snapshot());
  let length = compactedBytes;
  let fd = openSync(path, "a", 0o600);
  let behind = false;
  let retry: NodeJS.Timeout | undefined;

  function append(entry: Entry): void {
    const line = Buffer.from(`${JSON.stringify(entry)}\n`);
    try {
      const written = writeSync(fd, line);
      if (written < line.length) throw Object.assign(new Error("short write"), { code: "ENOSPC" });
      length += line.length;
    } catch (error) {
      ftruncateSync(fd, length); // no torn line in the middle
      throw error;
    }
  }

  const isDue = () => length > 4 * compactedBytes && length > compactedBytes + compactAfterBytes;

  /** Writes the file anew from the state; a fault leaves it as it is. */
  function catchUp(): void {
    try {
      compactedBytes = rewrite(path, snapshot());
      length = compactedBytes;
      closeSync(fd);
      fd = openSync(path, "a", 0o600);
      behind = false;
    } catch {
      if (behind) retryLater(); // a rewrite that was only to save space waits for the next entry
    }
  }

  function retryLater(): void {
    clearTimeout(retry);
    retry = setTimeout(catchUp, retryMs).unref();
  }

  return {
    get behind() {
      return behind;
    },
    intend(entry) {
      if (behind) {
        const message = "The disk of the agent's journal is full: nothing new can be started. Free some space.";
        throw new YardError("storage_full", message, { retryAfterMs: retryMs });
      }
      if (isDue()) catchUp(); // before: what is only meant is not in the state yet
      try {
        append(entry);
      } catch (error) {
        throw asStorageError(error, "The agent's journal cannot be written");
      }
    },
    note(entry) {
      if (behind) return; // the rewrite will hold it
      try {
        append(entry);
      } catch {
        behind = true;
        retryLater();
      }
      if (isDue()) catchUp();
    },
    [Symbol.dispose]() {
      clearTimeout(retry);
      if (behind) catchUp();
      clearTimeout(retry);
      closeSync(fd);
    },
  };
}

function replayFile(path: string, replay: (entry: unknown) => void): void {
  for (const line of readLines(path)) {
    let entry: unknown;
    try {
      entry = JSON.parse(line);
    } catch {
      continue; // torn by the death of its writer
    }
    replay(entry);
  }
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  }
}

/** Replaces the file whole or not at all. @returns its length in bytes */
function rewrite<Entry>(path: string, entries: Iterable<Entry>): number {
  let text = "";
  for (const entry of entries) text += `${JSON.stringify(entry)}\n`;
  const temporary = `${path}.new`;
  try {
    writeFileSync(temporary, text, { mode: 0o600, flush: true });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectory(dirname(path));
  return Buffer.byteLength(text);
}

function syncDirectory(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
