/** What two snapshots differ in. */
import type { TreeEntry, TreeFiles } from "./tree.ts";

export interface Change {
  readonly path: string;
  readonly kind: "added" | "removed" | "changed";
  readonly before: TreeEntry | undefined;
  readonly after: TreeEntry | undefined;
}

/** In the order of paths. Directories count for nothing by themselves: they are there as long as something is in them. */
export function diffTrees(before: TreeFiles, after: TreeFiles): readonly Change[] {
  const paths = new Set([...before.entries.keys(), ...after.entries.keys()]);
  return [...paths].sort().flatMap((path): Change[] => {
    const [one, other] = [leafAt(before, path), leafAt(after, path)];
    if (!one && !other) return [];
    if (!one || !other) return [{ path, kind: one ? "removed" : "added", before: one, after: other }];
    return isSame(one, other, before.contents?.get(path), after.contents?.get(path))
      ? []
      : [{ path, kind: "changed", before: one, after: other }];
  });
}

function leafAt({ entries }: TreeFiles, path: string): TreeEntry | undefined {
  const entry = entries.get(path);
  return entry?.type === "directory" ? undefined : entry;
}

function isSame(one: TreeEntry, other: TreeEntry, content?: Uint8Array, otherContent?: Uint8Array): boolean {
  if (one.type !== other.type || one.size !== other.size || one.mode !== other.mode || one.target !== other.target)
    return false;
  if (!content || !otherContent) return true; // as far as can be told without looking into it
  return content.every((byte, at) => byte === otherContent[at]);
}
