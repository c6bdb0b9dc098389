/** How long it takes until 50 apps are online.
 *
 *  Both: from the client's call to start 50 sleepers until the supervisor's own listing says that all of them are online
 *  with a pid; the supervisor has been running before, and has no other app.
 *  Ours: one `PUT /appmesh/app/NAME` for each over 16 connections, then `GET /appmesh/applications`; each definition is in the
 *  database, synchronously, before its request is answered.
 *  Peer: one `pm2.start({ apps: [50 of them] })`, then `pm2.list`, through PM2's client library; the client is connected.
 *  Fair, because each is started in the quickest way that its own API offers. */
import { compare } from "../harness/compare.ts";
import type { Bench, Figure, Side } from "../harness/figure.ts";
import { openPm2 } from "../harness/pm2.ts";
import { type Supervisor, sleepers, startAndWait } from "../harness/supervisor.ts";
import { openYardSupervisor } from "../harness/yard-supervisor.ts";

const apps = sleepers(50, "sleeper");

export const startOfApps: Figure = {
  name: "start-of-apps",
  title: "start of 50 sleepers",
  async run(bench) {
    await using yard = await openYardSupervisor(bench);
    await using pm2 = await openPm2(bench);
    return await compare(bench, {
      metrics: {
        time: { label: `${apps.length} sleepers online`, unit: "ms", score: "ratio", aim: { at: "most", limit: 0.3 } },
      },
      ours: sideOf(bench, yard),
      peer: sideOf(bench, pm2),
    });
  },
};

function sideOf(bench: Bench, supervisor: Supervisor): Side<"time"> {
  return {
    name: supervisor.name,
    pids: () => supervisor.pids(),
    async measure() {
      const started = performance.now();
      await startAndWait(supervisor, apps, bench.signal);
      const time = performance.now() - started;
      await supervisor.removeAll();
      return { time };
    },
  };
}
