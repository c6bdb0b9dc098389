/** How long a key takes until it is seen.
 *
 *  Ours: a terminal in a capsule, over the WebSocket of the API: to the yard, to the agent, into the terminal, and its echo back.
 *  Peer: a terminal of this process. Both run `cat`; the echo is the kernel's. */

import { openCapsuleTerminal } from "../harness/capsule-terminal.ts";
import { openCapsules } from "../harness/capsules.ts";
import { compare } from "../harness/compare.ts";
import { openLocalTerminal } from "../harness/echo.ts";
import type { Figure } from "../harness/figure.ts";
import { timesOf } from "../harness/load.ts";
import { median } from "../harness/statistics.ts";

/** All rounds together stay below a line's length. */
const keysPerRound = 100;

export const capsuleTerminal: Figure = {
  name: "capsule-terminal",
  title: "echo of a key in a capsule's terminal",
  async run(bench) {
    await using capsules = await openCapsules(bench, { driver: "namespace" });
    const id = await capsules.create();
    await using ours = await openCapsuleTerminal(capsules.yard, id);
    await using peer = openLocalTerminal();
    const { serverPid, agentPid } = capsules.yard;
    return await compare(bench, {
      metrics: { time: { label: "echo", unit: "ms", score: "difference", aim: { at: "most", limit: 2 } } },
      ours: {
        name: "runyard",
        pids: () => [serverPid, agentPid],
        measure: async () => ({ time: median(await timesOf(keysPerRound, () => ours.type("x"))) }),
      },
      peer: {
        name: "local pty",
        pids: () => [],
        measure: async () => ({ time: median(await timesOf(keysPerRound, () => peer.type("x"))) }),
      },
    });
  },
};
