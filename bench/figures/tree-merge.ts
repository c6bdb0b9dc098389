/** What a three-way merge of large trees costs when little of them differs.
 *
 *  A tree of 10,000 text files of about 1 KiB in 100 directories, and two versions of it in which 100 files each were changed; 20 of
 *  these are the same ones, changed in other lines, so that their lines have to be merged.
 *  Ours: `merge(base, ours, theirs)`, which gives the id of the merged snapshot when it is on the disk. New contents in each round, so that
 *  nothing is stored already. Once with the store as it is in a process that made those versions, once with nothing in memory
 *  (the system's page cache is warm for both sides).
 *  Peer: `git merge` of the same two branches, with its commit, in a working directory that has one of them checked out. It also writes
 *  the merged files into that directory, which ours has no need of. Its process is part of it. Before each merge, and not timed: both
 *  versions are made anew. */

import type { Snapshots } from "../../src/snapshots/snapshots.ts";
import { compare } from "../harness/compare.ts";
import type { Bench, Figure, Side } from "../harness/figure.ts";
import { type GitTree, openGitTree } from "../harness/git-tree.ts";
import { openSnapshotTree, type SnapshotTree } from "../harness/snapshot-tree.ts";
import { median } from "../harness/statistics.ts";
import { changesOf, largeTree } from "../harness/tree.ts";

const mergesPerRound = 3;

export const treeMerge: Figure = {
  name: "tree-merge",
  title: "three-way merge of two 10,000-file trees, 100 files changed on each side",
  async run(bench) {
    await using ours = await openSnapshotTree(bench, largeTree());
    await using git = await openGitTree(bench, largeTree());
    return await compare(bench, {
      metrics: {
        time: { label: "100 files on each side", unit: "ms", score: "ratio", aim: { at: "most", limit: 1 } },
        cold: { label: "the same, nothing in memory", unit: "ms", score: "ratio", aim: { at: "most", limit: 1 } },
      },
      ours: ourSide(ours),
      peer: gitSide(bench, git),
    });
  },
};

let version = 0;

function ourSide({ snapshots, team, id: base, edit, reopen }: SnapshotTree): Side<"time" | "cold"> {
  return {
    name: "runyard",
    pids: () => [process.pid],
    async measure() {
      const mergeIn = async (store: Snapshots): Promise<number> => {
        const changes = changesOf(++version);
        const [ours, theirs] = [await edit(base, changes.ours), await edit(base, changes.theirs)];
        const started = performance.now();
        const { status } = await store.merge(team, { base, ours, theirs });
        if (status !== "merged") throw new Error("the trees do not merge");
        return performance.now() - started;
      };
      const times = { warm: [] as number[], cold: [] as number[] };
      for (let i = 0; i < mergesPerRound; i++) {
        times.warm.push(await mergeIn(snapshots));
        times.cold.push(await mergeIn(reopen()));
      }
      return { time: median(times.warm), cold: median(times.cold) };
    },
  };
}

function gitSide(bench: Bench, git: GitTree): Side<"time" | "cold"> {
  return {
    name: "git",
    pids: () => [],
    async measure() {
      const times: number[] = [];
      for (let i = 0; i < mergesPerRound; i++) {
        bench.signal.throwIfAborted();
        const changes = changesOf(++version);
        await git.branch("theirs", changes.theirs);
        await git.branch("ours", changes.ours);
        const started = performance.now();
        await git.run("merge", "-q", "-m", "merged", "theirs");
        times.push(performance.now() - started);
      }
      return { time: median(times), cold: median(times) };
    },
  };
}
