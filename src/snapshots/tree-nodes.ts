/** The nodes of a tree that is being changed. What was not touched stays the immutable entry that it is stored as; a directory is opened
 *  when a path leads through it, a file when it is written. */
import { loadDirectory } from "./directories.ts";
import {
  type DirectoryEntry,
  type DirectorySize,
  type Entry,
  type FileEntry,
  type LinkEntry,
  sizeOf,
} from "./entry.ts";
import type { FileContent } from "./file-content.ts";
import type { ObjectSource } from "./object-store.ts";

export interface OpenDirectory {
  readonly type: "directory";
  mode: number;
  readonly children: Map<string, Node>;
  bytes: number;
  entries: number;
  /** As which it is stored; undefined once it, or anything beneath, was changed. */
  saved: DirectoryEntry | undefined;
}

export interface OpenFile {
  readonly type: "file";
  mode: number;
  readonly open: FileContent;
}

export type Node = FileEntry | LinkEntry | DirectoryEntry | OpenFile | OpenDirectory;
export type DirectoryNode = DirectoryEntry | OpenDirectory;

export function isDirectory(node: Node | undefined): node is DirectoryNode {
  return node?.type === "directory";
}

export function isOpenDirectory(node: Node | undefined): node is OpenDirectory {
  return node !== undefined && "children" in node;
}

export function isOpenFile(node: Node | undefined): node is OpenFile {
  return node !== undefined && "open" in node;
}

export async function openDirectory(source: ObjectSource, entry: DirectoryEntry): Promise<OpenDirectory> {
  const children = new Map<string, Node>(await loadDirectory(source, entry.page));
  return { type: "directory", mode: entry.mode, children, bytes: entry.bytes, entries: entry.entries, saved: entry };
}

/** A new one that holds this node, or nothing. */
export function createDirectory(mode: number, child?: readonly [name: string, node: Node]): OpenDirectory {
  const size = child === undefined ? { bytes: 0, entries: 0 } : sizeOfNode(child[1]);
  return { type: "directory", mode, children: new Map(child === undefined ? [] : [child]), ...size, saved: undefined };
}

/** What the node adds to the size of the directory it is in. */
export function sizeOfNode(node: Node | undefined): DirectorySize {
  if (node === undefined) return { bytes: 0, entries: 0 };
  if (isOpenFile(node)) return { bytes: node.open.size, entries: 1 };
  if (isOpenDirectory(node)) return { bytes: node.bytes, entries: node.entries + 1 };
  return sizeOf(node satisfies Entry);
}
