/** Entries of a stored directory: plain immutable data. */
import type { ObjectId } from "./object.ts";

export interface FileEntry {
  readonly type: "file";
  /** Permission bits, 0 to 0o777. */
  readonly mode: number;
  /** Bytes. */
  readonly size: number;
  /** A piece, or for a larger file its list of pieces (file-content.ts). */
  readonly content: ObjectId;
}

export interface LinkEntry {
  readonly type: "symlink";
  readonly target: string;
}

export interface DirectoryEntry extends DirectorySize {
  readonly type: "directory";
  readonly mode: number;
  /** A page, or for a larger directory its list of pages. */
  readonly page: ObjectId;
}

/** Of all that lies beneath, at any depth: so that a tree's limits are checked without walking it. */
export interface DirectorySize {
  /** Of files. */
  readonly bytes: number;
  /** Files, links and directories. */
  readonly entries: number;
}

export type LeafEntry = FileEntry | LinkEntry;
export type Entry = LeafEntry | DirectoryEntry;

export const fileMode = 0o644;
export const directoryMode = 0o755;
export { modeBits } from "../platform/trees/tree-entry.ts";
export const linkMode = 0o777;

/** What an entry adds to the size of the directory it is in. */
export function sizeOf(entry: Entry): DirectorySize {
  switch (entry.type) {
    case "file":
      return { bytes: entry.size, entries: 1 };
    case "symlink":
      return { bytes: 0, entries: 1 };
    case "directory":
      return { bytes: entry.bytes, entries: entry.entries + 1 };
  }
}

export function isSameEntry(a: Entry | undefined, b: Entry | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.type === "file") return b.type === "file" && a.content === b.content && a.mode === b.mode;
  if (a.type === "symlink") return b.type === "symlink" && a.target === b.target;
  return b.type === "directory" && a.page === b.page && a.mode === b.mode;
}
