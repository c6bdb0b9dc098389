/** How long it takes to pause a virtual machine of 256 MiB, until its memory is on the disk and the emulator is gone.
 *
 *  Peer: `dd` of a file of as many bytes from its memory file, to the same disk and onto it (`conv=fsync`). */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { compare } from "../harness/compare.ts";
import type { Figure } from "../harness/figure.ts";
import { openMachines } from "../harness/machines.ts";
import { run } from "../harness/run.ts";

export const microvmPause: Figure = {
  name: "microvm-pause",
  title: "pause of a virtual machine of 256 MiB",
  async run(bench) {
    await using machines = await openMachines(bench);
    const sandbox = await machines.create();
    const copy = join(machines.directory, "copy");
    return await compare(bench, {
      metrics: { time: { label: "pause", unit: "ms", score: "ratio", aim: { at: "most", limit: 3 } } },
      ours: {
        name: machines.name,
        pids: () => [],
        async measure() {
          await sandbox.pausing?.resume();
          const started = performance.now();
          await sandbox.pausing?.pause();
          return { time: performance.now() - started };
        },
      },
      peer: {
        name: "dd",
        pids: () => [],
        async measure() {
          const { path } = machines.newestMemory();
          const started = performance.now();
          await run(bench, "dd", [`if=${path}`, `of=${copy}`, "bs=1M", "conv=fsync"]);
          const time = performance.now() - started;
          await rm(copy);
          return { time };
        },
      },
    });
  },
};
