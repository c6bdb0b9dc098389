/** A store of snapshots beside git, both with the same large tree: what one piece of work costs each, ours also with nothing in memory. */
import type { Snapshots } from "../../src/snapshots/snapshots.ts";
import { compare } from "./compare.ts";
import type { Bench, Comparison } from "./figure.ts";
import { type GitTree, openGitTree } from "./git-tree.ts";
import { openSnapshotTree, type SnapshotTree } from "./snapshot-tree.ts";
import { median } from "./statistics.ts";
import { largeTree } from "./tree.ts";

export interface TreeWork {
  readonly label: string;
  /** How often in each round. */
  readonly times: number;
  /** Does it once in a store, and tells how many milliseconds it took. */
  ours(tree: SnapshotTree): (store: Snapshots) => Promise<number>;
  git(tree: GitTree): Promise<number>;
}

/** Ours is to be at least as fast. */
export async function compareWithGit(
  bench: Bench,
  { label, times, ours, git }: TreeWork,
): Promise<readonly Comparison[]> {
  await using snapshotTree = await openSnapshotTree(bench, largeTree());
  await using gitTree = await openGitTree(bench, largeTree());
  const workIn = ours(snapshotTree);
  const metric = (of: string) => ({
    ...{ label: of, unit: "ms", score: "ratio" as const },
    aim: { at: "most" as const, limit: 1 },
  });
  return await compare(bench, {
    metrics: { time: metric(label), cold: metric("the same, nothing in memory") },
    ours: {
      name: "runyard",
      pids: () => [process.pid],
      async measure() {
        const warm: number[] = [];
        const cold: number[] = [];
        for (let i = 0; i < times; i++) {
          warm.push(await workIn(snapshotTree.snapshots));
          cold.push(await workIn(snapshotTree.reopen()));
        }
        return { time: median(warm), cold: median(cold) };
      },
    },
    peer: {
      name: "git",
      pids: () => [],
      async measure() {
        const taken: number[] = [];
        for (let i = 0; i < times; i++) {
          bench.signal.throwIfAborted();
          taken.push(await git(gitTree));
        }
        return { time: median(taken), cold: median(taken) };
      },
    },
  });
}
