/** A copy-on-write view of a snapshot: changed like a file system, saved as a new snapshot. Reads see every change at once; the snapshot
 *  beneath, and other trees over it, see none. Operations take turns, in the order in which they were called. */
import {
  type DirectoryEntry,
  type DirectorySize,
  directoryMode,
  type FileEntry,
  fileMode,
  linkMode,
  modeBits,
} from "./entry.ts";
import { FileContent, readContent } from "./file-content.ts";
import type { ObjectId } from "./object.ts";
import type { ObjectWriter } from "./object-writer.ts";
import { TreeError } from "./tree-error.ts";
import {
  createDirectory,
  isDirectory,
  isOpenDirectory,
  isOpenFile,
  type Node,
  type OpenDirectory,
  type OpenFile,
  sizeOfNode,
} from "./tree-nodes.ts";
import { checkLinkTarget } from "./tree-path.ts";
import { saveDirectory, settleFiles } from "./tree-save.ts";
import { enter, type Place, type WalkOptions, walk } from "./tree-walk.ts";
import { createTurns } from "./turns.ts";

export interface TreeLimits {
  /** Of all files together. */
  readonly maxBytes: number;
  /** Files, links and directories. */
  readonly maxEntries: number;
  /** What one `read` may return. */
  readonly maxReadBytes: number;
}

export interface TreeOptions {
  readonly limits?: Partial<TreeLimits>;
  /** `implicit`: a directory exists as long as something is in it, as in an object store. Missing parents are made, `mkdir` does nothing,
   *  and a directory goes with its last entry. Default: `explicit`, as POSIX has it. */
  readonly directories?: "explicit" | "implicit";
}

export interface NodeStatus {
  readonly type: "file" | "directory" | "symlink";
  /** Permission bits. */
  readonly mode: number;
  /** Bytes; of directories 0. */
  readonly size: number;
}

export interface DirectoryListing extends NodeStatus {
  readonly name: string;
}

/** Paths are names from the root, `a/b` and `/a/b` alike (tree-path.ts). What fails changes nothing.
 *  @throws {TreeError} with POSIX's `errno`, in every operation */
export interface WorkingTree {
  stat(path: string): Promise<NodeStatus>;
  /** Of a symbolic link itself. */
  lstat(path: string): Promise<NodeStatus>;
  /** What a file holds from `offset` on, at most `length` bytes. */
  read(path: string, range?: { readonly offset?: number; readonly length?: number }): Promise<Buffer>;
  /** In the order of names. */
  readdir(path: string): Promise<readonly DirectoryListing[]>;
  readlink(path: string): Promise<string>;
  /** Replaces what the file holds; makes it if need be. The mode is that of a new file. */
  write(path: string, content: Uint8Array, options?: { readonly mode?: number }): Promise<void>;
  /** The same with more than fits into memory. The path changes when all has come. */
  writeFrom(path: string, content: AsyncIterable<Uint8Array>, options?: { readonly mode?: number }): Promise<void>;
  append(path: string, content: Uint8Array): Promise<void>;
  /** Cuts the file to this many bytes, or fills it up with zeros. */
  truncate(path: string, size: number): Promise<void>;
  chmod(path: string, mode: number): Promise<void>;
  mkdir(path: string, options?: { readonly recursive?: boolean; readonly mode?: number }): Promise<void>;
  symlink(target: string, path: string): Promise<void>;
  /** A directory that is not empty only when `recursive`. */
  rm(path: string, options?: { readonly recursive?: boolean }): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Stores what was changed. @returns the id of the tree as it is now, which is on the disk */
  save(): Promise<ObjectId>;
}

export const defaultTreeLimits: TreeLimits = {
  maxBytes: 4 * 1024 ** 3,
  maxEntries: 1_000_000,
  maxReadBytes: 256 * 1024 ** 2,
};

/** Contents that were written and not saved take at most this much memory; beyond it they go to the store. */
const mostHeldBytes = 32 * 1024 ** 2;

export interface WorkingTreeParts extends TreeOptions {
  readonly root: OpenDirectory;
  readonly writer: ObjectWriter;
  /** Makes a stored tree a snapshot. */
  readonly commit: (root: DirectoryEntry) => Promise<ObjectId>;
}

export function createWorkingTree({
  root,
  writer,
  commit,
  directories = "explicit",
  limits: givenLimits,
}: WorkingTreeParts): WorkingTree {
  const limits = { ...defaultTreeLimits, ...givenLimits };
  const isImplicit = directories === "implicit";
  const { source } = writer;
  const inTurn = createTurns();
  let heldBytes = 0;

  const find = (path: string, options: WalkOptions) => walk(source, root, path, options);
  const findForWriting = (path: string, follow: boolean) => find(path, { follow, parents: isImplicit });

  async function require(path: string, { follow }: { follow: boolean }): Promise<Place & { readonly node: Node }> {
    const { node, ...place } = await find(path, { follow });
    if (node === undefined) throw new TreeError("ENOENT", path);
    return { ...place, node };
  }

  function requireRoom(path: string, added: DirectorySize, freed: DirectorySize): void {
    const bytes = root.bytes + added.bytes - freed.bytes;
    const entries = root.entries + added.entries - freed.entries;
    const isOver = (now: number, before: number, limit: number) => now > limit && now > before;
    if (isOver(bytes, root.bytes, limits.maxBytes) || isOver(entries, root.entries, limits.maxEntries))
      throw new TreeError("ENOSPC", path);
  }

  /** Everything above is to be stored anew, and holds this much more. */
  function changed(steps: Place["steps"], added: DirectorySize, freed: DirectorySize): void {
    for (const { directory } of steps) {
      directory.saved = undefined;
      directory.bytes += added.bytes - freed.bytes;
      directory.entries += added.entries - freed.entries;
    }
  }

  /** Puts a node where the path ends, in place of what is there, with the directories that are missing above it. */
  function put({ steps, missing, name, node: replaced }: Place, node: Node): void {
    const [topName, top] = missing.reduceRight<readonly [string, Node]>(
      (below, directory) => [directory, createDirectory(directoryMode, below)],
      [name, node],
    );
    steps.at(-1)!.directory.children.set(topName, top);
    changed(steps, sizeOfNode(top), sizeOfNode(replaced));
  }

  function remove({ steps, name, node }: Place): void {
    steps.at(-1)!.directory.children.delete(name);
    changed(steps, sizeOfNode(undefined), sizeOfNode(node));
    const emptied = steps.at(-1)!;
    if (!isImplicit || steps.length === 1 || emptied.directory.children.size > 0) return;
    remove({ steps: steps.slice(0, -1), missing: [], name: emptied.name, node: emptied.directory });
  }

  /** Where a file may be written: what is there, if anything, is a file. */
  async function findFile(path: string): Promise<Place & { readonly node: FileEntry | OpenFile | undefined }> {
    const { node, ...place } = await findForWriting(path, true);
    if (isDirectory(node)) throw new TreeError("EISDIR", path);
    return { ...place, node: node?.type === "file" ? node : undefined };
  }

  async function putFile(path: string, open: FileContent, mode: number | undefined): Promise<void> {
    const place = await findFile(path);
    const file: OpenFile = { type: "file", mode: place.node?.mode ?? (mode ?? fileMode) & modeBits, open };
    const added = { bytes: open.size, entries: 1 + place.missing.length };
    requireRoom(path, added, sizeOfNode(place.node));
    put(place, file);
    await hold(open.heldBytes);
  }

  async function contentOf(bytes: Uint8Array): Promise<FileContent> {
    const content = new FileContent(writer);
    await content.append(Buffer.from(bytes)); // a copy: the caller may go on with the bytes
    return content;
  }

  /** What a file held before it was replaced is counted until the next time: the count is a bound, not the truth. */
  async function hold(bytes: number): Promise<void> {
    heldBytes += bytes;
    if (heldBytes <= mostHeldBytes) return;
    await settleFiles(writer, root);
    heldBytes = 0;
  }

  /** Changes the content of a file in place. `size` is the one that it will have. */
  async function change(
    path: string,
    file: FileEntry | OpenFile,
    place: Place,
    size: number,
    act: (content: FileContent) => Promise<void>,
  ): Promise<void> {
    requireRoom(path, { bytes: size, entries: 1 }, sizeOfNode(file));
    const open = isOpenFile(file) ? file.open : await FileContent.of(writer, file);
    const [before, heldBefore] = [sizeOfNode(file), isOpenFile(file) ? open.heldBytes : 0];
    await act(open);
    place.steps.at(-1)!.directory.children.set(place.name, { type: "file", mode: file.mode, open });
    changed(place.steps, { bytes: open.size, entries: 1 }, before);
    await hold(Math.max(0, open.heldBytes - heldBefore));
  }

  async function requireFile(path: string): Promise<Place & { readonly node: FileEntry | OpenFile }> {
    const { node, ...place } = await require(path, { follow: true });
    if (node.type !== "file") throw new TreeError("EISDIR", path);
    return { ...place, node };
  }

  async function requireDirectory(path: string): Promise<OpenDirectory> {
    const { node, steps, name } = await require(path, { follow: true });
    if (!isDirectory(node)) throw new TreeError("ENOTDIR", path);
    return isOpenDirectory(node) ? node : await enter(source, steps.at(-1)!.directory, name);
  }

  return {
    stat: (path) => inTurn(async () => statusOf((await require(path, { follow: true })).node)),
    lstat: (path) => inTurn(async () => statusOf((await require(path, { follow: false })).node)),

    read: (path, { offset = 0, length = Number.POSITIVE_INFINITY } = {}) =>
      inTurn(async () => {
        checkPosition(path, offset);
        const { node } = await requireFile(path);
        const { size } = statusOf(node);
        const wanted = Math.max(0, Math.min(length, size - offset));
        if (wanted > limits.maxReadBytes) throw new TreeError("EFBIG", path);
        const part = { offset, length: wanted };
        return isOpenFile(node) ? await node.open.read(part) : await readContent(source, node, part);
      }),

    readdir: (path) =>
      inTurn(async () => {
        const { children } = await requireDirectory(path);
        return [...children.keys()].sort().map((name) => ({ name, ...statusOf(children.get(name)!) }));
      }),

    readlink: (path) =>
      inTurn(async () => {
        const { node } = await require(path, { follow: false });
        if (node.type !== "symlink") throw new TreeError("EINVAL", path);
        return node.target;
      }),

    write: (path, content, { mode } = {}) =>
      inTurn(async () => {
        await putFile(path, await contentOf(content), mode);
      }),

    append: (path, content) =>
      inTurn(async () => {
        const place = await findFile(path);
        if (place.node === undefined) return await putFile(path, await contentOf(content), undefined);
        const size = statusOf(place.node).size + content.length;
        await change(path, place.node, place, size, (open) => open.append(Buffer.from(content)));
      }),

    truncate: (path, size) =>
      inTurn(async () => {
        checkPosition(path, size);
        const place = await requireFile(path);
        await change(path, place.node, place, size, (open) => open.truncate(size));
      }),

    chmod: (path, mode) =>
      inTurn(async () => {
        const { steps, name, node } = await require(path, { follow: true });
        const parent = steps.at(-1)?.directory;
        if (parent === undefined || node.type === "symlink") throw new TreeError("EINVAL", path); // the root's is fixed
        if (isOpenDirectory(node) || isOpenFile(node)) node.mode = mode & modeBits;
        else parent.children.set(name, { ...node, mode: mode & modeBits });
        if (isOpenDirectory(node)) node.saved = undefined;
        changed(steps, sizeOfNode(undefined), sizeOfNode(undefined));
      }),

    mkdir: (path, { recursive = false, mode = directoryMode } = {}) =>
      inTurn(async () => {
        const place = await find(path, { follow: true, parents: recursive || isImplicit });
        if (isDirectory(place.node) && (recursive || isImplicit)) return;
        if (place.node !== undefined) throw new TreeError("EEXIST", path);
        if (isImplicit) return;
        requireRoom(path, { bytes: 0, entries: 1 + place.missing.length }, sizeOfNode(undefined));
        put(place, createDirectory(mode & modeBits));
      }),

    symlink: (target, path) =>
      inTurn(async () => {
        checkLinkTarget(target);
        const place = await findForWriting(path, false);
        if (place.node !== undefined) throw new TreeError("EEXIST", path);
        requireRoom(path, { bytes: 0, entries: 1 + place.missing.length }, sizeOfNode(undefined));
        put(place, { type: "symlink", target });
      }),

    rm: (path, { recursive = false } = {}) =>
      inTurn(async () => {
        const place = await require(path, { follow: false });
        if (place.steps.length === 0) throw new TreeError("EINVAL", path);
        if (isDirectory(place.node) && place.node.entries > 0 && !recursive) throw new TreeError("ENOTEMPTY", path);
        remove(place);
      }),

    rename: (from, to) =>
      inTurn(async () => {
        const old = await require(from, { follow: false });
        if (old.steps.length === 0) throw new TreeError("EINVAL", from);
        const place = await findForWriting(to, false);
        if (isSamePlace(old, place)) return;
        checkRename(old, place, to);
        requireRoom(to, { bytes: 0, entries: place.missing.length }, sizeOfNode(place.node));
        put(place, old.node); // first: the directories on the way to it could go with the old place
        remove(old);
      }),

    save: () =>
      inTurn(async () => {
        const saved = await saveDirectory(writer, root);
        heldBytes = 0;
        return await commit(saved);
      }),

    async writeFrom(path, content, { mode } = {}) {
      await inTurn(() => findFile(path)); // before anything is read
      const open = new FileContent(writer);
      for await (const bytes of content) {
        // Others have their turns meanwhile: the source may be slow.
        await inTurn(async () => {
          requireRoom(path, { bytes: open.size + bytes.length, entries: 0 }, sizeOfNode(undefined));
          await open.append(Buffer.from(bytes));
        });
      }
      await inTurn(() => putFile(path, open, mode));
    },
  };
}

function statusOf(node: Node): NodeStatus {
  switch (node.type) {
    case "file":
      return { type: "file", mode: node.mode, size: isOpenFile(node) ? node.open.size : node.size };
    case "symlink":
      return { type: "symlink", mode: linkMode, size: Buffer.byteLength(node.target) };
    case "directory":
      return { type: "directory", mode: node.mode, size: 0 };
  }
}

function checkPosition(path: string, position: number): void {
  if (!Number.isSafeInteger(position) || position < 0) throw new TreeError("EINVAL", path);
}

function isSamePlace(a: Place, b: Place): boolean {
  return a.name === b.name && a.steps.at(-1)?.directory === b.steps.at(-1)?.directory && b.missing.length === 0;
}

/** @throws {TreeError} as rename(2) */
function checkRename(old: Place, place: Place, to: string): void {
  const [oldDepth, isBelowOld] = [old.steps.length, place.steps[old.steps.length]?.name === old.name];
  if (isBelowOld && place.steps[oldDepth - 1]?.directory === old.steps.at(-1)?.directory)
    throw new TreeError("EINVAL", to);
  if (old.steps.some(({ directory }) => directory === place.node)) throw new TreeError("ENOTEMPTY", to);
  if (place.node === undefined) return;
  if (isDirectory(old.node) && !isDirectory(place.node)) throw new TreeError("ENOTDIR", to);
  if (!isDirectory(old.node) && isDirectory(place.node)) throw new TreeError("EISDIR", to);
  if (isDirectory(place.node) && place.node.entries > 0) throw new TreeError("ENOTEMPTY", to);
}
