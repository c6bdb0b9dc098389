/** How long it takes to have a new virtual machine that has answered a command.
 *
 *  Ours: a machine that is restored from its golden image, with a name and keys of its own, to the end of `true` in it.
 *  Peer: the same machine booted from its disk, by the same driver and emulator. */
import { compare } from "../harness/compare.ts";
import type { Figure } from "../harness/figure.ts";
import { openMachines } from "../harness/machines.ts";

export const microvmCreate: Figure = {
  name: "microvm-create",
  title: "a new virtual machine to its first command",
  async run(bench) {
    await using machines = await openMachines(bench);
    const booting = await machines.create();
    await booting.stop?.({ graceMs: 0 });
    return await compare(bench, {
      warmUp: false,
      metrics: { time: { label: "create", unit: "ms", score: "ratio", aim: { at: "most", limit: 0.35 } } },
      ours: {
        name: machines.name,
        pids: () => [],
        async measure() {
          const started = performance.now();
          const made = await machines.create();
          await machines.execTrue(made);
          const time = performance.now() - started;
          await made.destroy();
          return { time };
        },
      },
      peer: {
        name: "its boot",
        pids: () => [],
        async measure() {
          const time = await machines.boot(booting);
          await booting.stop?.({ graceMs: 0 });
          return { time };
        },
      },
    });
  },
};
