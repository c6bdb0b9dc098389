/** 20,000 tasks that are nothing, through the batch interface of our own worker, on the embedded database.
 *
 *  Ours: as `task-batch-postgres`, with a yard as it comes: SQLite, every commit synced, the worker in another process. Peers: BullMQ, 100 jobs at once, on a Redis
 *  that keeps nothing on disk; graphile-worker, tuned, on a PostgreSQL that syncs every commit. Each peer's worker is a process that speaks to its
 *  server directly, and keeps nothing of a job that has succeeded. */
import { compare } from "../harness/compare.ts";
import type { Figure } from "../harness/figure.ts";
import { openQueuePeers } from "../harness/queue-peers.ts";
import { drainFull, openYardQueue } from "../harness/yard-queue.ts";

const count = 20_000;

export const taskBatchSqlite: Figure = {
  name: "task-batch-sqlite",
  title: "20,000 tasks through the batch interface, on SQLite",
  async run(bench) {
    await using peers = await openQueuePeers(bench);
    await using yard = await openYardQueue(bench);
    return await compare(bench, {
      metrics: {
        bullmq: { label: "tasks, beside BullMQ", unit: "/s", score: "ratio", aim: { at: "least", limit: 1.5 } },
        graphile: {
          ...{ label: "tasks, beside graphile-worker tuned", unit: "/s", score: "ratio" },
          aim: { at: "least", limit: 0.7 },
        },
      },
      ours: {
        name: "runyard",
        pids: () => [yard.serverPid, yard.worker.pid],
        async measure() {
          const rate = await drainFull(yard.worker, count, "batches");
          return { bullmq: rate, graphile: rate };
        },
      },
      peer: {
        name: "bullmq, graphile-worker",
        pids: () => [peers.bullmq.pid, peers.graphile.pid],
        measure: async () => ({
          bullmq: await drainFull(peers.bullmq, count, "default"),
          graphile: await drainFull(peers.graphile, count, "tuned"),
        }),
      },
    });
  },
};
