/** How long an app is down after a crash.
 *
 *  Both: from `kill -9` of the app's process until its next process runs, as the app itself reports: a shell script that writes
 *  its pid into a named pipe as its first act. The median of five apps, crashed one after the other.
 *  Fair, because nothing of either supervisor is on the way of the report, and because every app had run long enough for its end to be
 *  a crash to both, and not a failed start. */
import { setTimeout as delay } from "node:timers/promises";
import { compare } from "../harness/compare.ts";
import type { Bench, Figure, Side } from "../harness/figure.ts";
import { program } from "../harness/paths.ts";
import { openPm2 } from "../harness/pm2.ts";
import { openStartReports, type StartReports } from "../harness/start-reports.ts";
import { median } from "../harness/statistics.ts";
import { type Supervisor, startAndWait } from "../harness/supervisor.ts";
import { openYardSupervisor } from "../harness/yard-supervisor.ts";

const crashesPerRound = 5;
/** Whatever ran for less than a second is started later by us (the least interval of a crash loop), and is unstable to PM2 (`min_uptime`). */
const uptimeMs = 1_500;

export const restartAfterCrash: Figure = {
  name: "restart-after-crash",
  title: "crash of an app to running again",
  async run(bench) {
    await using reports = await openStartReports(bench);
    await using yard = await openYardSupervisor(bench);
    await using pm2 = await openPm2(bench);
    return await compare(bench, {
      metrics: {
        time: { label: "crash to running again", unit: "ms", score: "ratio", aim: { at: "most", limit: 0.3 } },
      },
      ours: sideOf(bench, yard, reports),
      peer: sideOf(bench, pm2, reports),
    });
  },
};

function sideOf(bench: Bench, supervisor: Supervisor, reports: StartReports): Side<"time"> {
  const apps = Array.from({ length: crashesPerRound }, (_, index) => {
    const name = `${supervisor.name}-crasher${index + 1}`;
    return { name, argv: ["/bin/sh", program("report-start.sh"), name, reports.path] };
  });
  return {
    name: supervisor.name,
    pids: () => supervisor.pids(),
    async measure() {
      await startAndWait(supervisor, apps, bench.signal);
      await delay(uptimeMs, undefined, { signal: bench.signal });
      const online = await supervisor.online();
      const times: number[] = [];
      for (const { name } of apps) times.push(await crash(bench, name, online.get(name), reports));
      await supervisor.removeAll();
      return { time: median(times) };
    },
  };
}

async function crash(bench: Bench, name: string, pid: number | undefined, reports: StartReports): Promise<number> {
  if (pid === undefined) throw new Error(`${name} does not run`);
  const running = reports.next(name, bench.signal);
  const killed = performance.now();
  process.kill(pid, "SIGKILL");
  await running;
  return performance.now() - killed;
}
