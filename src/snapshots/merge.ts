/** Three-way merge of trees. Directories that are the same on two sides are never looked into: it costs what was changed.
 *
 *  Per path: what only one side has changed is taken from it, what both have changed alike is taken, anything else is a conflict, unless
 *  both are texts whose lines merge. A rename is a deletion and an addition. Without a base everything was added by both.
 *  `prefer` takes that side's whole file, or its deletion, wherever there would be a conflict, and merges no lines. */
import { YardError } from "../platform/errors.ts";
import { loadDirectory, storeDirectory } from "./directories.ts";
import { byName, emptyDirectoryId, type NamedEntry } from "./directory-page.ts";
import { type DirectoryEntry, directoryMode, type Entry, isSameEntry, type LeafEntry } from "./entry.ts";
import { idsOf, type MergeConflict, mergeLeaf, pickChanged, type Sides } from "./merge-file.ts";
import type { ObjectWriter } from "./object-writer.ts";

export type MergeSide = "ours" | "theirs";

export interface TreeMerge {
  /** The merged tree, as far as there is one: only without conflicts is it whole. */
  readonly merged: DirectoryEntry;
  /** In the order of the tree. */
  readonly conflicts: readonly MergeConflict[];
}

/** All conflicts are held in memory, and their texts. */
const mostConflicts = 10_000;
const mostConflictText = 64 * 1024 ** 2;

export async function mergeTrees(
  writer: ObjectWriter,
  roots: Sides<DirectoryEntry | undefined>,
  { prefer }: { prefer?: MergeSide | undefined },
): Promise<TreeMerge> {
  const conflicts: MergeConflict[] = [];
  let conflictText = 0;

  function report(conflict: MergeConflict): undefined {
    conflicts.push(conflict);
    const { markers = "", diffOurs = "", diffTheirs = "" } = conflict.text ?? {};
    conflictText += markers.length + diffOurs.length + diffTheirs.length;
    if (conflicts.length > mostConflicts || conflictText > mostConflictText)
      throw new YardError(
        "too_large",
        "The trees have too many conflicts to report. Merge parts of them, or prefer a side.",
      );
  }

  async function mergeLeaves(path: string, sides: Sides<LeafEntry | undefined>): Promise<LeafEntry | undefined> {
    const changed = pickChanged(sides, isSameEntry);
    if (changed !== undefined) return changed.picked;
    if (prefer !== undefined) return sides[prefer];
    const result = await mergeLeaf(writer, path, sides);
    return "merged" in result ? result.merged : report(result.conflict);
  }

  /** What lies beneath and the permissions, but for directories that two sides agree on. */
  async function mergeDirectories(
    path: string,
    sides: Sides<DirectoryEntry | undefined>,
  ): Promise<DirectoryEntry | undefined> {
    const changed = pickChanged(sides, isSameEntry);
    if (changed !== undefined) return changed.picked;
    const children = await mergeChildren(path, sides);
    if (children.length === 0 && !isEmptyOnPurpose(sides)) return undefined;
    return await storeDirectory(writer, { mode: mergeModes(path, sides), entries: children });
  }

  function mergeModes(path: string, sides: Sides<DirectoryEntry | undefined>): number {
    const { base, ours, theirs } = sides;
    if (ours === undefined || theirs === undefined) return (ours ?? theirs ?? base)?.mode ?? directoryMode;
    const modes = pickChanged<number | undefined>(
      { base: base?.mode, ours: ours.mode, theirs: theirs.mode },
      Object.is,
    );
    if (modes !== undefined) return modes.picked ?? directoryMode;
    if (prefer === undefined) report({ path, kind: "binary", ...idsOf(sides) });
    return prefer === "theirs" ? theirs.mode : ours.mode;
  }

  async function mergeChildren(path: string, sides: Sides<DirectoryEntry | undefined>): Promise<readonly NamedEntry[]> {
    const maps = await loadSides(writer, sides);
    const names = new Set([...maps.base.keys(), ...maps.ours.keys(), ...maps.theirs.keys()]);
    const merged: NamedEntry[] = [];
    const unsettled: string[] = [];
    for (const name of names) {
      const changed = pickChanged(childrenOf(maps, name), isSameEntry);
      if (changed === undefined) unsettled.push(name);
      else if (changed.picked !== undefined) merged.push([name, changed.picked]);
    }
    await preloadPages(
      writer,
      unsettled.map((name) => childrenOf(maps, name)),
    );
    for (const name of unsettled.sort()) {
      const entry = await mergeEntry(path === "" ? name : `${path}/${name}`, childrenOf(maps, name));
      if (entry !== undefined) merged.push([name, entry]);
    }
    return merged.sort(byName);
  }

  /** A path may be a file on one side and a directory on the other: both are merged as if the other were not there. If something is left of
   *  both, one has to give way. */
  async function mergeEntry(path: string, sides: Sides<Entry | undefined>): Promise<Entry | undefined> {
    const leaves = mapSides(sides, (entry) => (entry?.type === "directory" ? undefined : entry));
    const directories = mapSides(sides, (entry) => (entry?.type === "directory" ? entry : undefined));
    const leaf = await mergeLeaves(path, leaves);
    const directory = await mergeDirectories(path, directories);
    if (leaf === undefined || directory === undefined) return leaf ?? directory;
    if (prefer !== undefined) return leaves[prefer] ?? directory;
    return report({ path, kind: "modify/delete", ...idsOf(sides) });
  }

  const entries = await mergeChildren("", roots);
  return { merged: await storeDirectory(writer, { mode: directoryMode, entries }), conflicts };
}

function mapSides<T, U>({ base, ours, theirs }: Sides<T>, map: (side: T) => U): Sides<U> {
  return { base: map(base), ours: map(ours), theirs: map(theirs) };
}

type Children = ReadonlyMap<string, Entry>;

function childrenOf(maps: Sides<Children>, name: string): Sides<Entry | undefined> {
  return mapSides(maps, (children) => children.get(name));
}

async function loadSides(
  { source }: ObjectWriter,
  { base, ours, theirs }: Sides<DirectoryEntry | undefined>,
): Promise<Sides<Children>> {
  const load = async (entry: DirectoryEntry | undefined) =>
    new Map(entry === undefined ? [] : await loadDirectory(source, entry.page));
  return { base: await load(base), ours: await load(ours), theirs: await load(theirs) };
}

/** The pages that are read next, in one go. */
async function preloadPages({ source }: ObjectWriter, children: readonly Sides<Entry | undefined>[]): Promise<void> {
  const pages = children
    .flatMap(({ base, ours, theirs }) => [base, ours, theirs])
    .flatMap((entry) => (entry?.type === "directory" && entry.page !== emptyDirectoryId ? [entry.page] : []));
  await source.getMany(pages);
}

/** A directory from which each side has taken something else, so that nothing is left, goes; one that a side holds as an empty one stays,
 *  unless the other has removed it. */
function isEmptyOnPurpose({ base, ours, theirs }: Sides<DirectoryEntry | undefined>): boolean {
  const exists = pickChanged(
    mapSides({ base, ours, theirs }, (side) => side !== undefined),
    Object.is,
  );
  return exists?.picked === true && (ours?.entries === 0 || theirs?.entries === 0);
}
