/** Cancelling: final at once, whatever the state. A worker that holds the task hears of it, and whatever it still reports is refused. */
import type { Kysely } from "kysely";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import type { SharedTime } from "../platform/db/shared-time.ts";
import { noSuchTask, requireRole, teamsOf } from "./access.ts";
import { endTasks } from "./archive.ts";
import { openConditions } from "./filter.ts";
import { matching } from "./find.ts";
import type { TaskSignals } from "./signals.ts";
import type { TaskState } from "./task.ts";
import { findByUuid, isUuid } from "./task-rows.ts";
import type { Tasks } from "./tasks.ts";

export interface CancelParts {
  readonly database: Database;
  readonly now: SharedTime;
  readonly signals: TaskSignals;
  /** Removes those workers that were only waiting for the end of what they hold. */
  removeDrained(workerUuids: readonly string[]): Promise<void>;
}

interface Cancelled {
  readonly id: number;
  readonly uuid: string;
  readonly workerUuid: string | null;
}

/** In one transaction. */
const chunkSize = 500;
/** What a user's cancellation ends; what a worker has reported as ended is over but for its commit, and is cancelled only by name. */
const cancellable: readonly TaskState[] = ["pending", "ready", "running"];

export function createCancel(parts: CancelParts): Pick<Tasks, "cancel" | "cancelMatching" | "cancelAll"> {
  const { database, now, signals, removeDrained } = parts;
  const { kysely: db, dialect } = database;

  /** Ends those of the tasks that are not over, and what waits for them. `only` narrows it. */
  async function cancelRows(ids: readonly number[], only?: readonly TaskState[]): Promise<readonly Cancelled[]> {
    if (ids.length === 0) return [];
    const { chosen, waiting } = await database.transaction(
      async (trx) => {
        const chosen = await hold(trx, ids, only);
        // What a cancelled run has submitted would wait for its commit for ever.
        const waiting = await holdDownstream(trx, chosen);
        const ends = [...chosen, ...waiting].map(({ id }) => ({ id, ...userCancellation }));
        await endTasks(trx, ends, { dialect, now });
        return { chosen, waiting };
      },
      { rowLocks: true },
    );
    const holders = chosen.flatMap(({ workerUuid }) => workerUuid ?? []);
    signals.ended([...chosen, ...waiting].map(({ uuid }) => uuid));
    signals.workersChanged(holders);
    await removeDrained(holders);
    return chosen;
  }

  async function hold(trx: Kysely<Schema>, ids: readonly number[], only: readonly TaskState[] | undefined) {
    return await trx
      .selectFrom("tasks")
      .select(["id", "uuid", "worker_uuid as workerUuid", "downstream_uuid as downstreamUuid"])
      .where("id", "in", ids)
      .$if(only !== undefined, (query) => query.where("state", "in", only!))
      .orderBy("id")
      .$if(dialect === "postgres", (query) => query.forUpdate())
      .execute();
  }

  async function holdDownstream(
    trx: Kysely<Schema>,
    tasks: readonly { readonly id: number; readonly downstreamUuid: string | null }[],
  ): Promise<readonly Cancelled[]> {
    const uuids = tasks.flatMap(({ downstreamUuid }) => downstreamUuid ?? []);
    if (uuids.length === 0) return [];
    const rows = await trx
      .selectFrom("tasks")
      .select(["id", "uuid", "worker_uuid as workerUuid"])
      .where("uuid", "in", uuids)
      .where("state", "=", "pending")
      .$if(dialect === "postgres", (query) => query.forUpdate())
      .execute();
    return rows.filter(({ id }) => !tasks.some((task) => task.id === id));
  }

  return {
    async cancel(caller, uuid) {
      const task = await findByUuid(db, uuid);
      if (task === undefined) throw noSuchTask(uuid);
      if (!caller.teams.has(task.team.id)) throw noSuchTask(uuid, "team");
      requireRole(caller, task.team, "member");
      const cancelled = await cancelRows([task.id]);
      if (cancelled.length === 0) throw noSuchTask(uuid);
    },

    async cancelMatching(caller, filter) {
      requireRole(caller, filter.team, "member");
      const wanted = filter.states?.filter((state) => cancellable.includes(state));
      const states = wanted === undefined || wanted.length === 0 ? cancellable : wanted;
      const conditions = await openConditions(db, dialect, { ...filter, states });
      if (conditions === "none") return 0;
      for (let count = 0, after = 0; ; ) {
        const found = await matching(db, "tasks", conditions).where("task.id", ">", after).limit(chunkSize).execute();
        const last = found.at(-1);
        if (last === undefined) return count;
        const ids = found.map(({ id }) => id);
        count += (await cancelRows(ids, states)).length;
        after = last.id; // those that have got away in between are not tried for ever
      }
    },

    async cancelAll(caller, uuids) {
      const teams = teamsOf(caller, "member");
      const failed: string[] = [];
      let count = 0;
      for (let from = 0; from < uuids.length; from += chunkSize) {
        const chunk = uuids.slice(from, from + chunkSize);
        const cancelled = await cancelRows(await idsOf(chunk, teams));
        const done = new Set(cancelled.map(({ uuid }) => uuid));
        failed.push(...chunk.filter((uuid) => !done.has(uuid.toLowerCase())));
        count += done.size;
      }
      return { cancelled: count, failed };
    },
  };

  async function idsOf(uuids: readonly string[], teams: readonly string[]): Promise<readonly number[]> {
    const known = uuids.filter(isUuid).map((uuid) => uuid.toLowerCase());
    if (known.length === 0 || teams.length === 0) return [];
    const rows = await db
      .selectFrom("tasks")
      .select("id")
      .where("uuid", "in", known)
      .where("team_id", "in", teams)
      .execute();
    return rows.map(({ id }) => id);
  }
}

const userCancellation = {
  state: "cancelled",
  waitStatus: 0,
  reason: "user-cancellation",
  reporterUuid: null,
} as const;
