/** How many sync runs per second 16 clients get done.
 *
 *  Ours: 16 kept-alive connections, each asking for the next run of /bin/true when the last is answered.
 *  Peer: a small process of its own with 16 spawns of /bin/true under way at any time, their output read.
 *  Fair, because both have the whole machine in turn; the client that makes the load is part of our time, not of the peer's. */
import { openBareSpawner } from "../harness/bare-spawner.ts";
import { compare } from "../harness/compare.ts";
import type { Figure } from "../harness/figure.ts";
import { type Load, ratePerSecond } from "../harness/load.ts";
import { syncRun } from "../harness/sync-run.ts";
import { openYard } from "../harness/yard.ts";

const load: Load = { concurrency: 16, forMs: 3_000 };

export const syncRunThroughput: Figure = {
  name: "sync-run-throughput",
  title: "sync runs of /bin/true per second, 16 clients",
  async run(bench) {
    await using yard = await openYard(bench, { connections: load.concurrency });
    await using spawner = openBareSpawner(bench);
    return await compare(bench, {
      metrics: {
        rate: { label: "sync runs, 16 clients", unit: "/s", score: "ratio", aim: { at: "least", limit: 0.6 } },
      },
      ours: {
        name: "runyard",
        pids: () => [yard.serverPid, yard.agentPid],
        measure: async () => ({ rate: await ratePerSecond(load, () => syncRun(yard)) }),
      },
      peer: {
        name: "bare spawn",
        pids: () => [spawner.pid],
        measure: async () => ({ rate: await spawner.rate(load) }),
      },
    });
  },
};
