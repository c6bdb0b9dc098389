/** How long a client waits for a sync run.
 *
 *  Ours: `POST /appmesh/app/syncrun` of /bin/true over a kept-alive connection, from the request to the last byte of the
 *  answer: authenticated, checked, audited in the database, carried to the agent, spawned, its output read, its exit answered.
 *  Peer: spawning the same program in a small Node process that reads its output and waits for its end, and nothing else.
 *  Fair, because both end with the same knowledge (output and exit code), run one after the other, and the peer's process
 *  is as small as the agent: a larger one would spawn more slowly, in the peer's disfavour.
 *
 *  Then the same against a control plane that is 500 MiB larger, compared with the first: a spawn copies the page tables of
 *  the process that does it, and the time must not grow with what the control plane keeps in memory. */
import { openBareSpawner } from "../harness/bare-spawner.ts";
import { compare } from "../harness/compare.ts";
import type { Bench, Figure, Side } from "../harness/figure.ts";
import { timesOf } from "../harness/load.ts";
import { program } from "../harness/paths.ts";
import { median } from "../harness/statistics.ts";
import { syncRun } from "../harness/sync-run.ts";
import { openYard, type Yard } from "../harness/yard.ts";

const runsPerRound = 100;

export const syncRunLatency: Figure = {
  name: "sync-run-latency",
  title: "sync run of /bin/true over HTTP, one after the other",
  async run(bench) {
    return [...(await againstBareSpawn(bench)), ...(await againstLargeControlPlane(bench))];
  },
};

async function againstBareSpawn(bench: Bench) {
  await using yard = await openYard(bench);
  await using spawner = openBareSpawner(bench);
  return await compare(bench, {
    metrics: { time: { label: "sync run", unit: "ms", score: "difference", aim: { at: "most", limit: 2 } } },
    ours: sideOf(yard, "runyard"),
    peer: {
      name: "bare spawn",
      pids: () => [spawner.pid],
      measure: async () => ({ time: median(await spawner.times(runsPerRound)) }),
    },
  });
}

async function againstLargeControlPlane(bench: Bench) {
  await using large = await openYard(bench, { preload: program("hold-memory.ts") });
  await using plain = await openYard(bench);
  return await compare(bench, {
    metrics: {
      time: {
        label: "sync run, control plane 500 MiB larger",
        unit: "ms",
        score: "ratio",
        aim: { at: "most", limit: 1.15 },
      },
    },
    ours: sideOf(large, "runyard + 500 MiB"),
    peer: sideOf(plain, "runyard"),
  });
}

function sideOf(yard: Yard, name: string): Side<"time"> {
  return {
    name,
    pids: () => [yard.serverPid, yard.agentPid],
    measure: async () => ({ time: median(await timesOf(runsPerRound, () => syncRun(yard))) }),
  };
}
