/** What a working worker has to be told: that a task is not its any more, that somebody looks at what one prints, that it is to end. And what is learnt from what it says it holds. */
import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { Bus } from "../platform/bus/bus.ts";
import type { Topics } from "../platform/bus/topics.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import type { SharedTime } from "../platform/db/shared-time.ts";
import { createArrivals } from "./arrivals.ts";
import { type Leases, removedWorker } from "./leases.ts";
import type { LiveOutputs } from "./live-outputs.ts";
import type { TaskSignals } from "./signals.ts";
import type { WorkerIdentity, WorkerNews, Workers } from "./workers.ts";

export interface NewsParts {
  readonly database: Database;
  readonly bus: Bus<Topics>;
  readonly clock: Clock;
  readonly now: SharedTime;
  readonly leases: Leases;
  readonly signals: TaskSignals;
  readonly outputs: Pick<LiveOutputs, "watchedOf">;
  readonly pollMs: number;
}

/** By then the reply of a claim has arrived, or never will. */
const deliveredMs = 30_000;
/** So far beyond the time of its run. What comes before the command takes time as well. */
const overdueMs = 60_000;

export function createNews(parts: NewsParts): Pick<Workers, "heartbeat" | "news"> & Disposable {
  const { database, bus, clock, now, leases, signals, outputs, pollMs } = parts;
  const db = database.kysely;
  const changes = createArrivals(bus, "worker.changed", ({ workerUuid }) => [workerUuid]);

  async function look(
    worker: WorkerIdentity,
    holds: readonly string[],
    sends: readonly string[] | undefined,
  ): Promise<WorkerNews> {
    const row = await db.selectFrom("task_workers").select("state").where("uuid", "=", worker.uuid).executeTakeFirst();
    if (row === undefined) throw removedWorker();
    const rows = await db.selectFrom("tasks").select("uuid").where("worker_uuid", "=", worker.uuid).execute();
    const held = new Set(rows.map(({ uuid }) => uuid));
    const watched = sends === undefined || held.size === 0 ? [] : await outputs.watchedOf(worker);
    return {
      lost: holds.filter((uuid) => !held.has(uuid.toLowerCase())),
      watched: watched.filter((uuid) => holds.includes(uuid) && !sends?.includes(uuid)),
      isDraining: row.state === "draining",
    };
  }

  /** Tasks that were given to it, but whose reply has never reached it. */
  async function takeBackUndelivered({ uuid }: WorkerIdentity, holds: readonly string[]): Promise<void> {
    const known = holds.map((task) => task.toLowerCase());
    const undelivered = await db
      .updateTable("tasks")
      .set({ state: "ready", worker_uuid: null, updated_at: now() })
      .where("worker_uuid", "=", uuid)
      .where("state", "=", "running")
      .where("updated_at", "<", sql<number>`${now()} - ${deliveredMs}`)
      .$if(known.length > 0, (query) => query.where("uuid", "not in", known))
      .returning("queue_id")
      .execute();
    signals.ready(undelivered.map(({ queue_id }) => queue_id));
  }

  return {
    async heartbeat(worker) {
      await leases.renew(worker.uuid);
      if (await isOverdue(db, worker.uuid, now)) await leases.remove(worker.uuid);
    },

    async news(worker, { holds, sends, timeoutMs, signal }) {
      await leases.renew(worker.uuid);
      await takeBackUndelivered(worker, holds);
      const deadline = clock.monotonic() + timeoutMs;
      using arrival = changes.of(worker.uuid);
      for (;;) {
        arrival.look();
        const news = await look(worker, holds, sends);
        const leftMs = deadline - clock.monotonic();
        const isNews = news.lost.length > 0 || news.watched.length > 0 || news.isDraining;
        if (isNews || leftMs <= 0 || signal?.aborted) return news;
        await arrival.wait(Math.min(leftMs, pollMs), signal);
        await leases.renew(worker.uuid);
      }
    },

    [Symbol.dispose]: () => changes[Symbol.dispose](),
  };
}

async function isOverdue(db: Kysely<Schema>, workerUuid: string, now: SharedTime): Promise<boolean> {
  const row = await db
    .selectFrom("tasks")
    .select("id")
    .where("worker_uuid", "=", workerUuid)
    .where("state", "=", "running")
    .where("updated_at", "<", sql<number>`${now()} - timeout_seconds * 1000 - ${overdueMs}`)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
