/** Trees of the store as entries on their way: out of one, and into one. */
import { YardError } from "../platform/errors.ts";
import { splitPath, type TreeEntries, type TreeEntry } from "../platform/trees/tree-entry.ts";
import { isTreeError } from "./tree-error.ts";
import type { DirectoryListing, NodeStatus, WorkingTree } from "./working-tree.ts";

/** Read at a time. */
const partBytes = 1024 ** 2;

export interface ListedEntry extends Omit<DirectoryListing, "name"> {
  /** From the root of the tree. */
  readonly path: string;
}

/** What is below a directory, each directory before what is in it, names in their order.
 *  @param after a path that was listed before: begins behind it
 *  @throws {TreeError} of the directory */
export async function* listTree(
  tree: Pick<WorkingTree, "readdir">,
  directory: string,
  after: readonly string[] = [],
): AsyncGenerator<ListedEntry, void> {
  const [last, ...below] = after;
  for (const { name, ...status } of await tree.readdir(directory)) {
    if (last !== undefined && name < last) continue;
    const path = directory === "" ? name : `${directory}/${name}`;
    const isListed = name === last;
    if (!isListed) yield { path, ...status };
    if (status.type === "directory") yield* listTree(tree, path, isListed ? below : []);
  }
}

/** All that is in the tree. */
export async function* entriesOf(tree: WorkingTree): AsyncGenerator<TreeEntry, void> {
  for await (const { path, type, mode, size } of listTree(tree, "")) {
    if (type === "directory") yield { type, path, mode };
    else if (type === "symlink") yield { type, path, target: await tree.readlink(path) };
    else yield { type, path, mode, size, content: contentOf(tree, path, size) };
  }
}

async function* contentOf(tree: WorkingTree, path: string, size: number): AsyncGenerator<Uint8Array, void> {
  for (let offset = 0; offset < size; offset += partBytes) yield await tree.read(path, { offset, length: partBytes });
}

/** What was put into a tree. */
export interface Added {
  readonly entries: number;
  /** Of all files together. */
  readonly bytes: number;
}

/** Puts entries into a tree that holds nothing yet. Its bounds are the tree's limits.
 *  @throws {YardError} invalid: two entries of one path, or one beneath a file or a link; TreeError of the tree; whatever `entries` throws */
export async function addEntries(tree: WorkingTree, entries: TreeEntries): Promise<Added> {
  const requireDirectory = directoryCheck(tree);
  let [count, bytes] = [0, 0];
  for await (const entry of entries) {
    const { path } = entry;
    await requireDirectory(splitPath(path).parent);
    const there = await typeAt(tree, path);
    if (entry.type === "directory" && there === "directory") await tree.chmod(path, entry.mode);
    else if (there !== undefined) throw twice(path);
    else if (entry.type === "directory") await tree.mkdir(path, { mode: entry.mode });
    else if (entry.type === "symlink") await tree.symlink(entry.target, path);
    else await tree.writeFrom(path, entry.content, { mode: entry.mode });
    count += 1;
    if (entry.type === "file") bytes += entry.size;
  }
  return { entries: count, bytes };
}

/** Makes sure that there is a directory, and no link to one; archives may leave out those above an entry. */
function directoryCheck(tree: WorkingTree): (path: string) => Promise<void> {
  /** The one of the entry before, which mostly is that of the next: all of them could be more than fits into memory. */
  let last = "";
  return async function require(path: string): Promise<void> {
    if (path === "" || path === last || last.startsWith(`${path}/`)) return;
    await require(splitPath(path).parent);
    const there = await typeAt(tree, path);
    if (there === undefined) await tree.mkdir(path);
    else if (there !== "directory") throw twice(path);
    last = path;
  };
}

/** @param path beneath a directory that is known to be one: so no link is followed on the way */
async function typeAt(tree: WorkingTree, path: string): Promise<NodeStatus["type"] | undefined> {
  try {
    return (await tree.lstat(path)).type;
  } catch (error) {
    if (isTreeError(error, "ENOENT")) return undefined;
    throw error;
  }
}

function twice(path: string): YardError {
  return new YardError("invalid", `There are two entries of the path ${JSON.stringify(path.slice(0, 200))}.`);
}
