/** Who lives. A worker has a lease and renews it with whatever it asks or reports; one that was silent for longer is lost: it is removed, and what it held
 *  waits for another. Should it come back, it is nobody any more, and nothing that it still reports counts.
 *
 *  Time in which no yard listened is no worker's silence: after a start, and after a pause of our own (the database was away, the machine slept), all
 *  have a fresh lease. */
import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import type { SharedTime } from "../platform/db/shared-time.ts";
import { YardError } from "../platform/errors.ts";
import type { TaskSignals } from "./signals.ts";

export interface Leases {
  /** @throws {YardError} unauthenticated: it was removed */
  renew(uuid: string): Promise<void>;
  /** Removes the worker, if it is there. What it holds is ready again. */
  remove(uuid: string): Promise<boolean>;
  /** Removes those of them that drain and hold nothing any more. */
  removeDrained(uuids: readonly string[]): Promise<void>;
  /** Removes all that are lost, or drained. */
  sweep(): Promise<void>;
  /** For all. */
  renewAll(): Promise<void>;
}

export interface LeaseParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly now: SharedTime;
  readonly signals: TaskSignals;
}

/** A lease is renewed in the database when a tenth of it is over, or this: else each call of each worker would write. */
const longestUnsavedMs = 5_000;
/** How long between two sweeps is a pause of ours. */
const pauseMs = 15_000;
const sweptAtOnce = 100;

export function createLeases({ database, clock, now, signals }: LeaseParts): Leases {
  const { kysely: db, dialect } = database;
  /** When a renewal is due again, by the monotonic clock. */
  const renewals = new Map<string, number>();
  let sweptAt = clock.monotonic();

  /** @returns those that were there, with the queues of the tasks they held */
  async function removeRows(trx: Kysely<Schema>, uuids: readonly string[]) {
    // The worker first: a claim holds its row, so what it has taken is seen below, and none comes after.
    const removed = await trx.deleteFrom("task_workers").where("uuid", "in", uuids).returning("uuid").execute();
    if (removed.length === 0) return { removed: [], queueIds: [] };
    const tasks = await trx
      .updateTable("tasks")
      .set({ state: "ready", worker_uuid: null, updated_at: now() })
      .where(
        "worker_uuid",
        "in",
        removed.map(({ uuid }) => uuid),
      )
      .returning("queue_id")
      .execute();
    return { removed: removed.map(({ uuid }) => uuid), queueIds: tasks.map(({ queue_id }) => queue_id) };
  }

  async function removeAll(choose: (trx: Kysely<Schema>) => Promise<readonly string[]>): Promise<number> {
    const { removed, queueIds } = await database.transaction(
      async (trx) => {
        const uuids = await choose(trx);
        return uuids.length === 0 ? { removed: [], queueIds: [] } : await removeRows(trx, uuids);
      },
      { rowLocks: true },
    );
    for (const uuid of removed) renewals.delete(uuid);
    signals.workersChanged(removed);
    signals.ready(queueIds);
    return removed.length;
  }

  /** Looks before it begins to write: at most looks there is nothing, and each commit of nothing would make the disk work. */
  async function sweepAway(choose: (trx: Kysely<Schema>) => Promise<readonly string[]>): Promise<number> {
    return (await choose(db)).length === 0 ? 0 : await removeAll(choose);
  }

  const drained = (uuids?: readonly string[]) => async (trx: Kysely<Schema>) => {
    const rows = await trx
      .selectFrom("task_workers")
      .select("uuid")
      .where("state", "=", "draining")
      .$if(uuids !== undefined, (query) => query.where("uuid", "in", uuids!))
      .where(sql<boolean>`not exists (select 1 from tasks where tasks.worker_uuid = task_workers.uuid)`)
      .limit(sweptAtOnce)
      .$if(dialect === "postgres", (query) => query.forUpdate().skipLocked())
      .execute();
    return rows.map(({ uuid }) => uuid);
  };

  async function lost(trx: Kysely<Schema>): Promise<readonly string[]> {
    const rows = await trx
      .selectFrom("task_workers")
      .select("uuid")
      .where("lease_until", "<", now())
      .orderBy("uuid")
      .limit(sweptAtOnce)
      .$if(dialect === "postgres", (query) => query.forUpdate().skipLocked())
      .execute();
    return rows.map(({ uuid }) => uuid);
  }

  async function renewAll(): Promise<void> {
    await db
      .updateTable("task_workers")
      .set({ lease_until: sql`${now()} + lease_ms` })
      .execute();
    sweptAt = clock.monotonic();
  }

  return {
    async renew(uuid) {
      if ((renewals.get(uuid) ?? 0) > clock.monotonic()) return;
      const renewed = await db
        .updateTable("task_workers")
        .set({ heard_at: now(), lease_until: sql`${now()} + lease_ms` })
        .where("uuid", "=", uuid)
        .returning("lease_ms")
        .executeTakeFirst();
      if (renewed === undefined) {
        renewals.delete(uuid);
        throw removedWorker();
      }
      renewals.set(uuid, clock.monotonic() + Math.min(renewed.lease_ms / 10, longestUnsavedMs));
    },

    remove: async (uuid) => (await removeAll(async () => [uuid])) > 0,

    async removeDrained(uuids) {
      if (uuids.length > 0) await removeAll(drained(uuids));
    },

    async sweep() {
      if (clock.monotonic() - sweptAt > pauseMs) await renewAll();
      while ((await sweepAway(lost)) === sweptAtOnce);
      await sweepAway(drained());
      sweptAt = clock.monotonic();
      for (const [uuid, due] of renewals) if (due < clock.monotonic() - pauseMs) renewals.delete(uuid);
    },

    renewAll,
  };
}

export function removedWorker(): YardError {
  return new YardError(
    "unauthenticated",
    "This worker was removed: it was shut down, or silent for too long. Register it anew.",
  );
}
