/** Tasks one at a time, through the protocol that workers of other coordinators speak.
 *
 *  Ours: a yard on PostgreSQL, and four workers that fetch a task, report its end and commit it: three requests over HTTP for each task. Peer: pg-boss with
 *  `work()`, four workers, a job at a time each, without a pause while there are jobs; it speaks to the same PostgreSQL directly. Every commit is synced. */
import { compare } from "../harness/compare.ts";
import type { Figure } from "../harness/figure.ts";
import { peer } from "../harness/paths.ts";
import { openPostgres } from "../harness/postgres.ts";
import { openQueueProcess } from "../harness/queue-process.ts";
import { drainFull, openYardQueue } from "../harness/yard-queue.ts";

const count = 2_000;

export const taskSingly: Figure = {
  name: "task-singly",
  title: "tasks one at a time through the workers' protocol, 4 workers, on PostgreSQL",
  async run(bench) {
    await using postgres = await openPostgres(["yard", "boss"]);
    await using yard = await openYardQueue(bench, ["--database-url", postgres.url("yard")]);
    await using boss = await openQueueProcess(bench, peer("pg-boss.ts"), { url: postgres.url("boss") });
    return await compare(bench, {
      metrics: { rate: { label: "tasks", unit: "/s", score: "ratio", aim: { at: "least", limit: 1 } } },
      ours: {
        name: "runyard",
        pids: () => [yard.serverPid, yard.worker.pid],
        measure: async () => ({ rate: await drainFull(yard.worker, count, "singly") }),
      },
      peer: {
        name: "pg-boss",
        pids: () => [boss.pid],
        measure: async () => ({ rate: await drainFull(boss, count, "default") }),
      },
    });
  },
};
