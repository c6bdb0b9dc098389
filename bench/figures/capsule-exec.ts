/** How long a command takes in a capsule that runs: `true`, from the request to its exit code and outputs.
 *
 *  Ours: `POST /v1/capsules/{id}/exec`, authenticated, audited, carried to the agent, started in the capsule's namespaces and control groups.
 *  Peer: the same program spawned by a small Node process that reads its outputs and waits for its end. */

import { openBareSpawner } from "../harness/bare-spawner.ts";
import { openCapsules } from "../harness/capsules.ts";
import { compare } from "../harness/compare.ts";
import type { Figure } from "../harness/figure.ts";
import { timesOf } from "../harness/load.ts";
import { median } from "../harness/statistics.ts";

const runsPerRound = 60;

export const capsuleExec: Figure = {
  name: "capsule-exec",
  title: "`true` in a running capsule through the API",
  async run(bench) {
    await using capsules = await openCapsules(bench, { driver: "namespace" });
    await using spawner = openBareSpawner(bench);
    const id = await capsules.create();
    const { serverPid, agentPid } = capsules.yard;
    return await compare(bench, {
      metrics: { time: { label: "exec", unit: "ms", score: "difference", aim: { at: "most", limit: 5 } } },
      ours: {
        name: "runyard",
        pids: () => [serverPid, agentPid],
        measure: async () => ({ time: median(await timesOf(runsPerRound, () => capsules.execTrue(id))) }),
      },
      peer: {
        name: "bare spawn",
        pids: () => [spawner.pid],
        measure: async () => ({ time: median(await spawner.times(runsPerRound)) }),
      },
    });
  },
};
