/** How long it takes from a submit to its start in a worker that waits, one task at a time.
 *
 *  Ours: `POST /tasks` to a yard as it comes (SQLite, every commit synced), until a worker whose fetch is held has the task; submitted and received by one process.
 *  Peers, likewise in one process each: graphile-worker, `addJob` on a PostgreSQL that syncs every commit, to its runner that listens; BullMQ, `add` on a Redis that
 *  keeps nothing on disk, to its worker that blocks. */
import { compare } from "../harness/compare.ts";
import type { Figure } from "../harness/figure.ts";
import { openQueuePeers } from "../harness/queue-peers.ts";
import type { QueueProcess } from "../harness/queue-process.ts";
import { median, percentile } from "../harness/statistics.ts";
import { openYardQueue } from "../harness/yard-queue.ts";

const count = 200;
const most = { graphile: 0.8, bullmq: 1.7 };

export const taskStartLatency: Figure = {
  name: "task-start-latency",
  title: "submit over HTTP to start in a worker, one at a time",
  async run(bench) {
    await using peers = await openQueuePeers(bench);
    await using yard = await openYardQueue(bench);
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
          const [time, slow] = await summaryOf(yard.worker);
          return { graphile: time, graphileSlow: slow, bullmq: time, bullmqSlow: slow };
        },
      },
      peer: {
        name: "graphile-worker, bullmq",
        pids: () => [peers.graphile.pid, peers.bullmq.pid],
        async measure() {
          const [graphileTime, graphileSlow] = await summaryOf(peers.graphile);
          const [bullmqTime, bullmqSlow] = await summaryOf(peers.bullmq);
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
