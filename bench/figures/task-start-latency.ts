/** How long it takes from a submit to its start in a worker that waits, one task at a time.
 *
 *  Ours: `POST /tasks` to a yard as it comes (SQLite, every commit synced), until a worker whose fetch is held has the task; submitted and received by one process.
 *  Peers, likewise in one process each: graphile-worker, `addJob` on a PostgreSQL that syncs every commit, to its runner that listens; BullMQ, `add` on a Redis that
 *  keeps nothing on disk, to its worker that blocks. */
import { skipWithoutRedis, startRedis } from "../../src/platform/testing/redis.ts";
import { compare } from "../harness/compare.ts";
import type { Figure } from "../harness/figure.ts";
import { peer, program } from "../harness/paths.ts";
import { openPostgres } from "../harness/postgres.ts";
import { openQueueProcess, type QueueProcess } from "../harness/queue-process.ts";
import { median, percentile } from "../harness/statistics.ts";
import { openYard } from "../harness/yard.ts";

const count = 200;
const most = { graphile: 0.8, bullmq: 1.7 };

export const taskStartLatency: Figure = {
  name: "task-start-latency",
  title: "submit over HTTP to start in a worker, one at a time",
  async run(bench) {
    const missing = skipWithoutRedis();
    if (missing !== false) throw new Error(missing);
    await using redis = await startRedis();
    await using postgres = await openPostgres(["graphile"]);
    await using yard = await openYard(bench);
    await using ours = await openQueueProcess(bench, program("yard-tasks.ts"), {
      ...{ url: yard.url, token: yard.authorization },
    });
    await using bullmq = await openQueueProcess(bench, peer("bullmq.ts"), { url: redis.url });
    await using graphile = await openQueueProcess(bench, peer("graphile-worker.ts"), { url: postgres.url("graphile") });
    const metric = (label: string, limit: number) => ({
      ...{ label, unit: "ms", score: "ratio" as const },
      aim: { at: "most" as const, limit },
    });
    return await compare(bench, {
      metrics: {
        graphile: metric("submit to start, beside graphile-worker", most.graphile),
        graphileSlow: metric("95 % within, beside graphile-worker", most.graphile),
        bullmq: metric("submit to start, beside BullMQ", most.bullmq),
        bullmqSlow: metric("95 % within, beside BullMQ", most.bullmq),
      },
      ours: {
        name: "runyard",
        pids: () => [yard.serverPid],
        async measure() {
          const [time, slow] = await summaryOf(ours);
          return { graphile: time, graphileSlow: slow, bullmq: time, bullmqSlow: slow };
        },
      },
      peer: {
        name: "graphile-worker, bullmq",
        pids: () => [graphile.pid, bullmq.pid],
        async measure() {
          const [graphileTime, graphileSlow] = await summaryOf(graphile);
          const [bullmqTime, bullmqSlow] = await summaryOf(bullmq);
          return { graphile: graphileTime, graphileSlow, bullmq: bullmqTime, bullmqSlow };
        },
      },
    });
  },
};

async function summaryOf(queue: QueueProcess): Promise<readonly [median: number, slow: number]> {
  const times = await queue.starts(count);
  return [median(times), percentile(times, 0.95)];
}
