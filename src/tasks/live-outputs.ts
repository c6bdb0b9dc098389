/** What running tasks print, while somebody looks at it. Their workers are told of that and send the ends of both outputs, again and again, until nobody looks any
 *  more; of all other tasks nothing is sent, and what they have printed is an artifact when they have ended. The ends lie in the database: so it does not matter with
 *  which yard a worker speaks, and with which one whoever looks. */
import { type SelectQueryBuilder, sql } from "kysely";
import type { Database } from "../platform/db/database.ts";
import type { LiveOutputRow, Schema } from "../platform/db/schema.ts";
import type { SharedTime } from "../platform/db/shared-time.ts";
import type { TaskSignals } from "./signals.ts";
import type { TaskSpec, TeamRef } from "./task.ts";
import type { WorkerIdentity } from "./workers.ts";

/** Some bytes of an output. */
export interface OutputEnd {
  /** Of the first of them, counted from the beginning of the output. */
  readonly position: number;
  readonly bytes: Uint8Array;
}

export interface OutputEnds {
  readonly stdout: OutputEnd;
  readonly stderr: OutputEnd;
}

export interface LiveOutputs {
  /** What of both has not been seen yet, as far as it is kept; a position that is higher than asked for tells of a gap. From the first question on
   *  the worker sends it, until nobody has asked for `watchMs`.
   *  @param seen positions of the next bytes
   *  @returns undefined, if no such task of these teams runs, or it does not keep its output */
  watch(
    teams: readonly Pick<TeamRef, "id">[],
    taskUuid: string,
    seen: Readonly<Record<keyof OutputEnds, number>>,
  ): Promise<OutputEnds | undefined>;
  /** Tasks of a worker at which somebody looks. */
  watchedOf(worker: WorkerIdentity): Promise<readonly string[]>;
  /** @returns whether somebody looks */
  send(worker: WorkerIdentity, taskUuid: string, printed: Partial<OutputEnds>): Promise<boolean>;
}

export const watchMs = 15_000;
/** Of each output. */
export const keptOutputBytes = 64 * 1024;

interface Parts {
  readonly database: Database;
  readonly now: SharedTime;
  readonly signals: Pick<TaskSignals, "workersChanged">;
}

export function createLiveOutputs({ database, now, signals }: Parts): LiveOutputs {
  const db = database.kysely;
  const isWatched = () => sql<boolean>`watched_until > ${now()}`;
  /** Half of the time is left: then it is not written at each question. */
  const isFresh = () => sql<number>`case when watched_until > ${now()} + ${watchMs / 2} then 1 else 0 end`;

  async function runningFor(teams: readonly Pick<TeamRef, "id">[], uuid: string) {
    if (teams.length === 0) return undefined;
    const task = await db
      .selectFrom("tasks")
      .select(["worker_uuid", "spec"])
      .where("uuid", "=", uuid.toLowerCase())
      .where("state", "=", "running")
      .where(
        "team_id",
        "in",
        teams.map(({ id }) => id),
      )
      .executeTakeFirst();
    const keepsOutput = task !== undefined && (JSON.parse(task.spec) as TaskSpec).keepsOutput;
    return keepsOutput ? (task.worker_uuid ?? undefined) : undefined;
  }

  /** @returns whether its worker does not know of it yet */
  function beginOrGoOn(taskUuid: string, workerUuid: string): Promise<boolean> {
    return database.transaction(async (trx) => {
      const until = sql<number>`${now()} + ${watchMs}`;
      await trx.deleteFrom("live_outputs").where(sql<boolean>`watched_until < ${now()} - ${watchMs}`).execute();
      const own = trx.updateTable("live_outputs").set({ watched_until: until }).where("task_uuid", "=", taskUuid);
      const went = await own.where("worker_uuid", "=", workerUuid).where(isWatched()).executeTakeFirst();
      if (went.numUpdatedRows > 0n) return false;
      await trx.deleteFrom("live_outputs").where("task_uuid", "=", taskUuid).execute(); // of a run before
      const nothing = new Uint8Array();
      await trx
        .insertInto("live_outputs")
        .values({
          ...{ task_uuid: taskUuid, worker_uuid: workerUuid, watched_until: until },
          ...{ stdout_at: 0, stdout: nothing, stderr_at: 0, stderr: nothing },
        })
        .execute();
      return true;
    });
  }

  return {
    async watch(teams, taskUuid, seen) {
      const uuid = taskUuid.toLowerCase();
      const workerUuid = await runningFor(teams, uuid);
      if (workerUuid === undefined) return undefined;
      const row = await db
        .selectFrom("live_outputs")
        .selectAll()
        .select(isFresh().as("is_fresh"))
        .where("task_uuid", "=", uuid)
        .where("worker_uuid", "=", workerUuid)
        .executeTakeFirst();
      if (!row?.is_fresh && (await beginOrGoOn(uuid, workerUuid))) signals.workersChanged([workerUuid]);
      return { stdout: unseen(row, "stdout", seen.stdout), stderr: unseen(row, "stderr", seen.stderr) };
    },

    async watchedOf({ uuid }) {
      const query = db.selectFrom("live_outputs").select("task_uuid").where("worker_uuid", "=", uuid);
      return (await query.where(isWatched()).execute()).map(({ task_uuid }) => task_uuid);
    },

    send: (worker, taskUuid, printed) =>
      database.transaction(async (trx) => {
        const uuid = taskUuid.toLowerCase();
        const own = <Output>(query: SelectQueryBuilder<Schema, "live_outputs", Output>) =>
          query.where("task_uuid", "=", uuid).where("worker_uuid", "=", worker.uuid).where(isWatched());
        const row = await own(trx.selectFrom("live_outputs").selectAll()).executeTakeFirst();
        if (row === undefined) return false;
        const changes = { ...changed(row, "stdout", printed.stdout), ...changed(row, "stderr", printed.stderr) };
        if (Object.keys(changes).length > 0)
          await trx.updateTable("live_outputs").set(changes).where("task_uuid", "=", uuid).execute();
        return true;
      }),
  };
}

function unseen(row: LiveOutputRow | undefined, name: keyof OutputEnds, seen: number): OutputEnd {
  if (row === undefined) return { position: seen, bytes: new Uint8Array() };
  const at = Number(row[`${name}_at`]);
  const bytes = row[name];
  // Of a run before, which had printed more: then it is all.
  const from = seen > at + bytes.length ? at : Math.max(seen, at);
  return { position: from, bytes: bytes.subarray(from - at) };
}

function changed(row: LiveOutputRow, name: keyof OutputEnds, printed: OutputEnd | undefined): Partial<LiveOutputRow> {
  if (printed === undefined) return {};
  const at = Number(row[`${name}_at`]);
  const before = row[name];
  const isNext = printed.position >= at && printed.position <= at + before.length;
  const all = isNext ? Buffer.concat([before.subarray(0, printed.position - at), printed.bytes]) : printed.bytes;
  const dropped = Math.max(0, all.length - keptOutputBytes);
  return { [`${name}_at`]: (isNext ? at : printed.position) + dropped, [name]: all.subarray(dropped) };
}
