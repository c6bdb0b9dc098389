/** What a snapshot of a large tree costs when little of it was changed.
 *
 *  A tree of 10,000 text files of about 1 KiB in 100 directories. Each round changes one file and makes a version of the whole.
 *  Ours: write the file into a working tree over the last snapshot, and save: the id comes when all of it is on the disk (the database's log and the
 *  packs synced). A working tree is how scripts and capsules hold files, so what was changed is known.
 *  Peer: write the file, `git add -A && git commit`: git finds out what was changed by looking at every file, as it has to. Its objects
 *  are not synced by default. Its two processes are part of it: 5 ms or so. Garbage collection and hooks are off. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Figure } from "../harness/figure.ts";
import { fileOf } from "../harness/tree.ts";
import { compareWithGit } from "../harness/tree-comparison.ts";

export const treeSnapshot: Figure = {
  name: "tree-snapshot",
  title: "a version of a 10,000-file tree with one file changed",
  run: (bench) =>
    compareWithGit(bench, {
      label: "one file changed",
      times: 10,
      ours({ team, id }) {
        let last = id;
        return async (store) => {
          const started = performance.now();
          const tree = await store.open(team, last);
          await tree.write(fileOf(5_000), Buffer.from(`version ${started}\n`));
          last = await tree.save();
          return performance.now() - started;
        };
      },
      async git(tree) {
        const started = performance.now();
        await writeFile(join(tree.path, fileOf(5_000)), `version ${started}\n`);
        await tree.run("add", "-A");
        await tree.run("commit", "-q", "-m", "version");
        return performance.now() - started;
      },
    }),
};
