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
import type { Figure } from "../harness/figure.ts";
import { changesOf } from "../harness/tree.ts";
import { compareWithGit } from "../harness/tree-comparison.ts";

let version = 0;

export const treeMerge: Figure = {
  name: "tree-merge",
  title: "three-way merge of two 10,000-file trees, 100 files changed on each side",
  run: (bench) =>
    compareWithGit(bench, {
      label: "100 files on each side",
      times: 3,
      ours:
        ({ team, id: base, edit }) =>
        async (store) => {
          const changes = changesOf(++version);
          const [ours, theirs] = [await edit(base, changes.ours), await edit(base, changes.theirs)];
          const started = performance.now();
          const { status } = await store.merge(team, { base, ours, theirs });
          if (status !== "merged") throw new Error("the trees do not merge");
          return performance.now() - started;
        },
      async git(tree) {
        const changes = changesOf(++version);
        await tree.branch("theirs", changes.theirs);
        await tree.branch("ours", changes.ours);
        const started = performance.now();
        await tree.run("merge", "-q", "-m", "merged", "theirs");
        return performance.now() - started;
      },
    }),
};
