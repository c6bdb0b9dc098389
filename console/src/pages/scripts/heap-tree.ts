/** Saved memories as a tree: each run that completes goes on from one, or from none, and leaves another. */
import type { ExecutionRow } from "./execution-row.ts";

export interface HeapNode {
  readonly heap: string;
  /** By which it was made first. */
  readonly run: ExecutionRow;
  /** How many times the way to it has branched off. */
  readonly depth: number;
  /** More than one run goes on from it. */
  readonly isBranched: boolean;
}

/** In the order in which a tree is read: each before what comes of it, a chain without branches at one depth.
 *  @param runs in any order */
export function heapTree(runs: readonly ExecutionRow[]): readonly HeapNode[] {
  const oldestFirst = runs.toSorted((a, b) => a.createdAt - b.createdAt);
  const makers = new Map<string, ExecutionRow>();
  for (const run of oldestFirst) if (run.heapOut !== null && !makers.has(run.heapOut)) makers.set(run.heapOut, run);
  const children = Map.groupBy(makers.values(), ({ heapIn, heapOut }) =>
    heapIn !== null && heapIn !== heapOut && makers.has(heapIn) ? heapIn : "",
  );
  const roots = (children.get("") ?? []).toReversed(); // what was begun last is what one looks for
  const nodes: HeapNode[] = [];
  // Not by recursion: a chain may have thousands of steps.
  const waiting = roots.toReversed().map((run) => ({ run, depth: 0 }));
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { run, depth } = next;
    const heap = run.heapOut ?? "";
    const following = children.get(heap) ?? [];
    const isBranched = following.length > 1;
    nodes.push({ heap, run, depth, isBranched });
    waiting.push(...following.toReversed().map((each) => ({ run: each, depth: depth + (isBranched ? 1 : 0) })));
  }
  return nodes;
}
