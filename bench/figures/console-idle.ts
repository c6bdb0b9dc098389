/** What a console that is only looked at costs the server.
 *
 *  Each round is the CPU time of the control plane over half a minute of rest with the overview open, and over as long without it; the score is what the page adds. There is
 *  no peer but the same server by itself. */
import { setTimeout as delay } from "node:timers/promises";
import { compare } from "../harness/compare.ts";
import { openConsole } from "../harness/console.ts";
import type { Figure } from "../harness/figure.ts";
import { cpuSecondsOf } from "../harness/processes.ts";
import { openYard } from "../harness/yard.ts";

const apps = 10;
/** The overview looks once in it by itself, as hosts are measured so often. */
const restMs = 30_000;
const settleMs = 3_000;

export const consoleIdle: Figure = {
  name: "console-idle",
  title: "an idle console: CPU of the server",
  async run(bench) {
    await using yard = await openYard(bench);
    for (let number = 0; number < apps; number++)
      await yard.call("PUT", `/appmesh/app/service-${number}`, { command: "sleep 86400", status: 1 });
    await using browser = await openConsole(yard);
    const rest = async (): Promise<number> => {
      await delay(settleMs, undefined, { signal: bench.signal });
      const before = cpuSecondsOf([yard.serverPid]);
      await delay(restMs, undefined, { signal: bench.signal });
      return ((cpuSecondsOf([yard.serverPid]) - before) / (restMs / 1_000)) * 100;
    };
    return await compare(bench, {
      metrics: {
        cpu: { label: "what an idle console adds", unit: "% of a core", score: "ours", aim: { at: "most", limit: 1 } },
        alone: { label: "the server by itself", unit: "% of a core", score: "ours" },
      },
      ours: {
        name: "runyard",
        pids: () => [yard.serverPid],
        async measure() {
          const alone = await rest();
          await using _page = await browser.open("/", '[aria-label="What runs"]');
          return { cpu: (await rest()) - alone, alone };
        },
      },
      peer: { name: "-", pids: () => [], measure: async () => ({}) },
      warmUp: false,
    });
  },
};
