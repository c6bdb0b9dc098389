/** How long `true` takes in a virtual machine that runs, on the connection that is open already.
 *
 *  Ours: followed as every process of a capsule is: in its control group, recorded before and after, with outputs that outlive the agent.
 *  Peer: `ssh` with a shared master connection to a machine made alike, over the same port of the emulator and with the same algorithms. */

import { compare } from "../harness/compare.ts";
import type { Figure } from "../harness/figure.ts";
import { timesOf } from "../harness/load.ts";
import { openMachines } from "../harness/machines.ts";
import { openSharedSsh } from "../harness/shared-ssh.ts";
import { median } from "../harness/statistics.ts";

const runsPerRound = 10;

export const microvmExec: Figure = {
  name: "microvm-exec",
  title: "`true` in a running virtual machine",
  async run(bench) {
    await using machines = await openMachines(bench);
    await using ssh = await openSharedSsh(bench);
    const sandbox = await machines.create();
    return await compare(bench, {
      metrics: { time: { label: "exec", unit: "ms", score: "ratio", aim: { at: "most", limit: 1.1 } } },
      ours: {
        name: machines.name,
        pids: () => [],
        measure: async () => ({ time: median(await timesOf(runsPerRound, () => machines.execTrue(sandbox))) }),
      },
      peer: {
        name: "ssh",
        pids: () => [],
        measure: async () => ({ time: median(await timesOf(runsPerRound, ssh.execTrue)) }),
      },
    });
  },
};
