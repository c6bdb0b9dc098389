/** How long a paused virtual machine takes to run again, its memory read, checked and taken.
 *
 *  Peer: `cat` of the same memory file to /dev/null. Both find it in the page cache, as it was written a moment before. */
import { compare } from "../harness/compare.ts";
import type { Figure } from "../harness/figure.ts";
import { openMachines } from "../harness/machines.ts";
import { run } from "../harness/run.ts";

export const microvmResume: Figure = {
  name: "microvm-resume",
  title: "resume of a paused virtual machine of 256 MiB",
  async run(bench) {
    await using machines = await openMachines(bench);
    const sandbox = await machines.create();
    let memory = "";
    return await compare(bench, {
      metrics: { time: { label: "resume", unit: "ms", score: "ratio", aim: { at: "most", limit: 4 } } },
      ours: {
        name: machines.name,
        pids: () => [],
        async measure() {
          await sandbox.pausing?.resume();
          await sandbox.pausing?.pause();
          const started = performance.now();
          await sandbox.pausing?.resume();
          const time = performance.now() - started;
          await sandbox.pausing?.pause(); // for the peer
          memory = machines.newestMemory().path;
          return { time };
        },
      },
      peer: {
        name: "cat",
        pids: () => [],
        async measure() {
          const started = performance.now();
          await run(bench, "sh", ["-c", 'cat "$1" >/dev/null', "sh", memory]);
          return { time: performance.now() - started };
        },
      },
    });
  },
};
