/** 20,000 tasks that are nothing, through the batch interface of our own worker, on the embedded database.
 *
 *  Ours: as `task-batch-postgres`, with a yard as it comes: SQLite, every commit synced, the worker in another process. Peers: BullMQ, 100 jobs at once, on a Redis
 *  that keeps nothing on disk; graphile-worker, tuned, on a PostgreSQL that syncs every commit. Each peer's worker is a process that speaks to its
 *  server directly, and keeps nothing of a job that has succeeded. */
import { skipWithoutRedis, startRedis } from "../../src/platform/testing/redis.ts";
import { compare } from "../harness/compare.ts";
import type { Figure } from "../harness/figure.ts";
import { peer, program } from "../harness/paths.ts";
import { openPostgres } from "../harness/postgres.ts";
import { openQueueProcess } from "../harness/queue-process.ts";
import { openYard } from "../harness/yard.ts";

const count = 20_000;

export const taskBatchSqlite: Figure = {
  name: "task-batch-sqlite",
  title: "20,000 tasks through the batch interface, on SQLite",
  async run(bench) {
    const missing = skipWithoutRedis();
    if (missing !== false) throw new Error(missing);
    await using redis = await startRedis();
    await using postgres = await openPostgres(["graphile"]);
    await using yard = await openYard(bench);
    await using worker = await openQueueProcess(bench, program("yard-tasks.ts"), {
      ...{ url: yard.url, token: yard.authorization },
    });
    await using bullmq = await openQueueProcess(bench, peer("bullmq.ts"), { url: redis.url });
    await using graphile = await openQueueProcess(bench, peer("graphile-worker.ts"), { url: postgres.url("graphile") });
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
        pids: () => [yard.serverPid, worker.pid],
        async measure() {
          await worker.fill(count);
          const rate = await worker.drain(count, "batches");
          return { bullmq: rate, graphile: rate };
        },
      },
      peer: {
        name: "bullmq, graphile-worker",
        pids: () => [bullmq.pid, graphile.pid],
        async measure() {
          await bullmq.fill(count);
          const rate = await bullmq.drain(count, "default");
          await graphile.fill(count);
          return { bullmq: rate, graphile: await graphile.drain(count, "tuned") };
        },
      },
    });
  },
};
