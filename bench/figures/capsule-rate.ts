/** How many whole lives of sandboxes a second, with four clients at once: created with limits, `true` run to its end, destroyed.
 *
 *  Ours and the peer as in capsule-lifecycle.ts. With four at once what is kept ready is soon used up: this is the work itself. */

import { runBareBubblewrap } from "../harness/bare-bubblewrap.ts";
import { compare } from "../harness/compare.ts";
import type { Figure } from "../harness/figure.ts";
import { openSandboxLives } from "../harness/sandbox-lives.ts";

const clients = 4;
const livesPerRound = 80;

export const capsuleRate: Figure = {
  name: "capsule-rate",
  title: "lives of namespace sandboxes per second, 4 clients",
  async run(bench) {
    await using sandboxes = await openSandboxLives(bench, { network: "none" });
    return await compare(bench, {
      metrics: { rate: { label: "lives", unit: "1/s", score: "ratio", aim: { at: "least", limit: 0.6 } } },
      ours: { name: "driver namespace", pids: () => [], measure: async () => ({ rate: await rateOf(sandboxes.live) }) },
      peer: { name: "bwrap", pids: () => [], measure: async () => ({ rate: await rateOf(runBareBubblewrap) }) },
    });
  },
};

async function rateOf(act: () => Promise<void>): Promise<number> {
  const started = performance.now();
  let left = livesPerRound;
  const client = async () => {
    while (left-- > 0) await act();
  };
  await Promise.all(Array.from({ length: clients }, client));
  return livesPerRound / ((performance.now() - started) / 1_000);
}
