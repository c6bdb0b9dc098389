/** How long the shortest life of a sandbox takes: created with limits, `true` run to its end, destroyed; one after the other.
 *
 *  Ours: the driver `namespace` with what the agent keeps ready, with a journal that is on disk before each start; without a network, and with one.
 *  Peer: bare bubblewrap with the same namespaces and mounts, running the same program.
 *  Fair, because both end when nothing of it runs any more. Ours has besides: a file system of its own that can be written, control groups,
 *  users of its own, a filter of system calls, the output kept. */

import type { NetworkMode } from "../../src/sandboxes/sandbox.ts";
import { runBareBubblewrap } from "../harness/bare-bubblewrap.ts";
import { compare } from "../harness/compare.ts";
import type { Bench, Comparison, Figure } from "../harness/figure.ts";
import { openSandboxLives } from "../harness/sandbox-lives.ts";
import { median } from "../harness/statistics.ts";

const livesPerRound = 40;

export const capsuleLifecycle: Figure = {
  name: "capsule-lifecycle",
  title: "create, `true`, destroy of a namespace sandbox",
  async run(bench) {
    return [...(await ofNetwork(bench, "none")), ...(await ofNetwork(bench, "outbound"))];
  },
};

async function ofNetwork(bench: Bench, network: NetworkMode): Promise<readonly Comparison[]> {
  await using sandboxes = await openSandboxLives(bench, { network });
  return await compare(bench, {
    metrics: {
      time: { label: `one life, network ${network}`, unit: "ms", score: "ratio", aim: { at: "most", limit: 1.5 } },
    },
    ours: {
      name: "driver namespace",
      pids: () => [],
      measure: async () => ({ time: await medianTime(sandboxes.live) }),
    },
    peer: { name: "bwrap", pids: () => [], measure: async () => ({ time: await medianTime(runBareBubblewrap) }) },
  });
}

async function medianTime(act: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < livesPerRound; i++) {
    const started = performance.now();
    await act();
    times.push(performance.now() - started);
  }
  return median(times);
}
