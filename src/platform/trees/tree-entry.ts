/** A file tree on its way from one place to another: its entries one by one, a directory before what is in it. Where they come from and where
 *  they go (a directory of this machine, a tar archive, a snapshot) need not know each other. */

export type TreeEntry = DirectoryItem | FileItem | LinkItem;

interface Item {
  /** Names from the root, with a slash between two: `src/main.ts`. */
  readonly path: string;
}

export interface DirectoryItem extends Item {
  readonly type: "directory";
  /** Permission bits. */
  readonly mode: number;
}

export interface FileItem extends Item {
  readonly type: "file";
  readonly mode: number;
  /** Bytes that `content` has. */
  readonly size: number;
  /** To be read before the next entry is asked for, or not at all. */
  readonly content: AsyncIterable<Uint8Array>;
}

export interface LinkItem extends Item {
  readonly type: "symlink";
  /** As it is written in the link: it may lead anywhere, or nowhere. */
  readonly target: string;
}

export type TreeEntries = AsyncIterable<TreeEntry>;

/** Setuid, setgid and the sticky bit are never carried along. */
export const modeBits = 0o777;

const maxNameBytes = 255;

/** Whether it can be the name of one entry. */
export function isEntryName(name: string): boolean {
  return (
    name !== "" &&
    name !== "." &&
    name !== ".." &&
    !/[/\0]/.test(name) &&
    name.isWellFormed() &&
    Buffer.byteLength(name) <= maxNameBytes
  );
}

/** The path of the directory that it is in, `""` for the root; and its name there. */
export function splitPath(path: string): { readonly parent: string; readonly name: string } {
  const slash = path.lastIndexOf("/");
  return { parent: path.slice(0, Math.max(0, slash)), name: path.slice(slash + 1) };
}
