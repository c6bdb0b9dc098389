/** What 100 idle apps cost in memory and in CPU time.
 *
 *  Ours: the control plane and the agent together. Peer: PM2's daemon. Without the apps themselves, which are the same 100
 *  sleepers. Each round starts the supervisor afresh, starts the apps, and looks at 20 s of rest; memory is read at their end.
 *  RSS counts the pages that two processes share (the Node executable, some 50 MiB) twice for us, since we are two: the aim is on it
 *  nevertheless. Beside it, for both sides: the same with the largest of the file-backed parts counted once, and what is anonymous. */
import { setTimeout as delay } from "node:timers/promises";
import { compare } from "../harness/compare.ts";
import type { Bench, Figure, Side } from "../harness/figure.ts";
import { openPm2 } from "../harness/pm2.ts";
import { cpuSecondsOf, memoryOf } from "../harness/processes.ts";
import { type Supervisor, sleepers, startAndWait } from "../harness/supervisor.ts";
import { openYardSupervisor } from "../harness/yard-supervisor.ts";

const apps = sleepers(100, "idle");
/** After the start, before the rest begins: what starting has left to do is not rest. */
const settleMs = 5_000;
const restMs = 20_000;

export const idleMemory: Figure = {
  name: "idle-memory",
  title: "100 idle apps: memory of the supervisor, CPU at rest",
  async run(bench) {
    return await compare(bench, {
      metrics: {
        rss: { label: "100 idle apps: RSS", unit: "MiB", score: "ratio", aim: { at: "most", limit: 1.6 } },
        once: { label: "100 idle apps: RSS, the executable counted once", unit: "MiB", score: "ratio" },
        anon: { label: "100 idle apps: anonymous memory", unit: "MiB", score: "ratio" },
        pss: { label: "100 idle apps: PSS", unit: "MiB", score: "ratio" },
        cpu: { label: "100 idle apps: CPU at rest", unit: "% of a core", score: "ours", aim: { at: "most", limit: 2 } },
      },
      ours: sideOf(bench, "runyard", openYardSupervisor),
      peer: sideOf(bench, "pm2", openPm2),
      warmUp: false, // every round starts cold
    });
  },
};

type Row = "rss" | "once" | "anon" | "pss" | "cpu";

function sideOf(bench: Bench, name: string, open: (bench: Bench) => Promise<Supervisor>): Side<Row> {
  return {
    name,
    pids: () => [], // gone when the measurement ends, which reports their memory itself
    async measure() {
      await using supervisor = await open(bench);
      await startAndWait(supervisor, apps, bench.signal);
      await delay(settleMs, undefined, { signal: bench.signal });
      const cpuBefore = cpuSecondsOf(supervisor.pids());
      await delay(restMs, undefined, { signal: bench.signal });
      const cpu = ((cpuSecondsOf(supervisor.pids()) - cpuBefore) / (restMs / 1000)) * 100;
      const { rssMiB, onceMiB, anonMiB, pssMiB } = memoryOf(supervisor.pids());
      return { rss: rssMiB, once: onceMiB, anon: anonMiB, pss: pssMiB, cpu };
    },
  };
}
