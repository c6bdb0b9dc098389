/** How long it takes to freeze what runs in a capsule and to let it go on.
 *
 *  Ours: pause and resume through the API, each recorded and audited on the disk before it is answered.
 *  Peer: pause and unpause of a container that sleeps, through the API of a Docker engine. */

import { setTimeout as delay } from "node:timers/promises";
import { openCapsules } from "../harness/capsules.ts";
import { compare } from "../harness/compare.ts";
import { openDocker } from "../harness/docker.ts";
import type { Figure } from "../harness/figure.ts";
import { timesOf } from "../harness/load.ts";
import { median } from "../harness/statistics.ts";

const timesPerRound = 20;
/** Docker hears of an unpause a moment later, and takes a pause in between for undone. */
const restMs = 50;

export const capsuleFreeze: Figure = {
  name: "capsule-freeze",
  title: "pause and resume of a capsule",
  async run(bench) {
    await using capsules = await openCapsules(bench, { driver: "namespace" });
    await using docker = await openDocker(bench);
    const id = await capsules.create();
    const container = await docker.open();
    const { serverPid, agentPid } = capsules.yard;
    return await compare(bench, {
      metrics: { time: { label: "freeze and thaw", unit: "ms", score: "ratio", aim: { at: "most", limit: 0.15 } } },
      ours: {
        name: "runyard",
        pids: () => [serverPid, agentPid],
        measure: () =>
          medianOf(async () => {
            await capsules.pause(id);
            await capsules.resume(id);
          }),
      },
      peer: {
        name: "docker",
        pids: () => [],
        measure: () =>
          medianOf(async () => {
            await container.pause();
            await container.unpause();
          }),
      },
    });
  },
};

async function medianOf(once: () => Promise<void>): Promise<{ time: number }> {
  const times: number[] = [];
  for (let i = 0; i < timesPerRound; i++) {
    times.push(...(await timesOf(1, once)));
    await delay(restMs);
  }
  return { time: median(times) };
}
