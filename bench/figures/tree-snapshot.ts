/** What a snapshot of a large tree costs when little of it was changed.
 *
 *  A tree of 10,000 text files of about 1 KiB in 100 directories. Each round changes one file and makes a version of the whole.
 *  Ours: write the file into a working tree over the last snapshot, and save: the id comes when all of it is on the disk (database with
 *  `synchronous=FULL`, packs synced). A working tree is how scripts and capsules hold files, so what was changed is known.
 *  Peer: write the file, `git add -A && git commit`: git finds out what was changed by looking at every file, as it has to. Its objects
 *  are not synced by default. Its two processes are part of it: 5 ms or so. Garbage collection and hooks are off. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Snapshots } from "../../src/snapshots/snapshots.ts";
import { compare } from "../harness/compare.ts";
import type { Bench, Figure, Side } from "../harness/figure.ts";
import { type GitTree, openGitTree } from "../harness/git-tree.ts";
import { openSnapshotTree, type SnapshotTree } from "../harness/snapshot-tree.ts";
import { median } from "../harness/statistics.ts";
import { fileOf, largeTree } from "../harness/tree.ts";

const versionsPerRound = 10;

export const treeSnapshot: Figure = {
  name: "tree-snapshot",
  title: "a version of a 10,000-file tree with one file changed",
  async run(bench) {
    await using ours = await openSnapshotTree(bench, largeTree());
    await using git = await openGitTree(bench, largeTree());
    return await compare(bench, {
      metrics: {
        time: { label: "one file changed", unit: "ms", score: "ratio", aim: { at: "most", limit: 1 } },
        cold: { label: "the same, nothing in memory", unit: "ms", score: "ratio", aim: { at: "most", limit: 1 } },
      },
      ours: ourSide(ours),
      peer: gitSide(bench, git),
    });
  },
};

function ourSide({ snapshots, team, id, reopen }: SnapshotTree): Side<"time" | "cold"> {
  let last = id;
  const saveIn = async (store: Snapshots): Promise<number> => {
    const started = performance.now();
    const tree = await store.open(team, last);
    await tree.write(fileOf(5_000), Buffer.from(`version ${started}\n`));
    last = await tree.save();
    return performance.now() - started;
  };
  return {
    name: "runyard",
    pids: () => [process.pid],
    async measure() {
      const times = { warm: [] as number[], cold: [] as number[] };
      for (let i = 0; i < versionsPerRound; i++) {
        times.warm.push(await saveIn(snapshots));
        times.cold.push(await saveIn(reopen()));
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
      for (let i = 0; i < versionsPerRound; i++) {
        bench.signal.throwIfAborted();
        const started = performance.now();
        await writeFile(join(git.path, fileOf(5_000)), `version ${started}\n`);
        await git.run("add", "-A");
        await git.run("commit", "-q", "-m", "version");
        times.push(performance.now() - started);
      }
      return { time: median(times), cold: median(times) };
    },
  };
}
