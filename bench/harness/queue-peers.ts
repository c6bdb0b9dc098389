/** The queues that ours is measured beside on the embedded database: BullMQ on a Redis that keeps nothing on disk, graphile-worker on a PostgreSQL that
 *  syncs every commit; each in a process of its own, with its server. */
import { skipWithoutRedis, startRedis } from "../../src/platform/testing/redis.ts";
import type { Bench } from "./figure.ts";
import { peer } from "./paths.ts";
import { openPostgres } from "./postgres.ts";
import { openQueueProcess, type QueueProcess } from "./queue-process.ts";

export interface QueuePeers extends AsyncDisposable {
  readonly bullmq: QueueProcess;
  readonly graphile: QueueProcess;
}

export async function openQueuePeers(bench: Bench): Promise<QueuePeers> {
  const missing = skipWithoutRedis();
  if (missing !== false) throw new Error(missing);
  await using opened = new AsyncDisposableStack();
  const redis = opened.use(await startRedis());
  const postgres = opened.use(await openPostgres(["graphile"]));
  const bullmq = opened.use(await openQueueProcess(bench, peer("bullmq.ts"), { url: redis.url }));
  const graphile = opened.use(
    await openQueueProcess(bench, peer("graphile-worker.ts"), { url: postgres.url("graphile") }),
  );
  const lifetime = opened.move();
  return { bullmq, graphile, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}
