/** Following a path through a tree, as POSIX does, symbolic links included. Everything happens among the nodes: whatever a link says, it
 *  leads to a node of the same tree or nowhere. */

import type { ObjectSource } from "./object-store.ts";
import { TreeError } from "./tree-error.ts";
import { isDirectory, isOpenDirectory, type Node, type OpenDirectory, openDirectory } from "./tree-nodes.ts";
import { parseLinkTarget, parseTreePath } from "./tree-path.ts";

export interface Step {
  readonly directory: OpenDirectory;
  /** In the step before; of the root "". */
  readonly name: string;
}

/** Where a path ends. */
export interface Place {
  /** From the root to the directory that the last name is looked for in. Empty for the root itself. */
  readonly steps: readonly Step[];
  /** Directories that would have to be made first. */
  readonly missing: readonly string[];
  readonly name: string;
  readonly node: Node | undefined;
}

export interface WalkOptions {
  /** Follow a symbolic link at the end of the path, too. */
  readonly follow: boolean;
  /** Directories of the path that do not exist are `missing` of the place, in place of an error. */
  readonly parents?: boolean;
}

/** As on Linux. */
const mostLinks = 40;

/** @throws {TreeError} ENOENT, ENOTDIR, ELOOP; of the path's text, see tree-path.ts */
export async function walk(
  source: ObjectSource,
  root: OpenDirectory,
  path: string,
  { follow, parents = false }: WalkOptions,
): Promise<Place> {
  const steps: Step[] = [{ directory: root, name: "" }];
  /** The next part last. */
  const ahead = parseTreePath(path).toReversed();
  let links = 0;
  for (let part = ahead.pop(); part !== undefined; part = ahead.pop()) {
    if (part === "..") {
      if (steps.length > 1) steps.pop();
      continue;
    }
    const { directory } = steps.at(-1)!;
    const isLast = ahead.length === 0;
    const node = directory.children.get(part);
    if (node?.type === "symlink" && (follow || !isLast)) {
      if (++links > mostLinks) throw new TreeError("ELOOP", path);
      const target = parseLinkTarget(node.target);
      if (target.isAbsolute) steps.splice(1);
      ahead.push(...target.parts.toReversed());
    } else if (isLast) {
      return { steps, missing: [], name: part, node };
    } else if (isDirectory(node)) {
      steps.push({ directory: await enter(source, directory, part), name: part });
    } else if (node === undefined && parents && !ahead.includes("..")) {
      const [name, ...missing] = ahead;
      return { steps, missing: [...missing, part].toReversed(), name: name!, node: undefined };
    } else {
      throw new TreeError(node === undefined ? "ENOENT" : "ENOTDIR", path);
    }
  }
  const { directory, name } = steps.pop()!;
  return { steps, missing: [], name, node: directory };
}

/** The child as an open directory: it is opened in its place when it is not yet. */
export async function enter(source: ObjectSource, parent: OpenDirectory, name: string): Promise<OpenDirectory> {
  const node = parent.children.get(name);
  if (isOpenDirectory(node)) return node;
  if (!isDirectory(node)) throw new TypeError(`${name} is no directory`);
  const opened = await openDirectory(source, node);
  parent.children.set(name, opened);
  return opened;
}
