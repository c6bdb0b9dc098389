/** 20,000 tasks that are nothing, through the batch interface of our own worker, on PostgreSQL.
 *
 *  Ours: a yard, and in another process a worker that fetches up to 500 tasks at a time and reports as many in one call, over HTTP: authenticated, with leases,
 *  fencing, results that are kept, and the audit log. Peers: graphile-worker as it comes, and tuned for throughput (24 jobs at once, a local queue of
 *  500, completions together), in a process of its own that speaks to PostgreSQL directly, and keeps nothing of a job that has succeeded.
 *  Same server of PostgreSQL, every commit synced. The tasks are there before the clock starts; it stops when the last was worked on. As it comes, the peer
 *  gets fewer, since it is slow. */
import { compare } from "../harness/compare.ts";
import type { Figure } from "../harness/figure.ts";
import { peer } from "../harness/paths.ts";
import { openPostgres } from "../harness/postgres.ts";
import { openQueueProcess } from "../harness/queue-process.ts";
import { drainFull, openYardQueue } from "../harness/yard-queue.ts";

const count = 20_000;
const countByDefault = 3_000;

export const taskBatchPostgres: Figure = {
  name: "task-batch-postgres",
  title: "20,000 tasks through the batch interface, on PostgreSQL",
  async run(bench) {
    await using postgres = await openPostgres(["yard", "graphile"]);
    await using yard = await openYardQueue(bench, ["--database-url", postgres.url("yard")]);
    await using graphile = await openQueueProcess(bench, peer("graphile-worker.ts"), { url: postgres.url("graphile") });
    return await compare(bench, {
      metrics: {
        byDefault: { label: "tasks, peer as it comes", unit: "/s", score: "ratio", aim: { at: "least", limit: 6 } },
        tuned: { label: "tasks, peer tuned", unit: "/s", score: "ratio", aim: { at: "least", limit: 1 } },
      },
      ours: {
        name: "runyard",
        pids: () => [yard.serverPid, yard.worker.pid],
        async measure() {
          const rate = await drainFull(yard.worker, count, "batches");
          return { byDefault: rate, tuned: rate };
        },
      },
      peer: {
        name: "graphile-worker",
        pids: () => [graphile.pid],
        measure: async () => ({
          byDefault: await drainFull(graphile, countByDefault, "default"),
          tuned: await drainFull(graphile, count, "tuned"),
        }),
      },
    });
  },
};
