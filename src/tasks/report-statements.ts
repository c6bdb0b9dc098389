/** Reports that take nothing but one statement. As a transaction each call makes four trips and more to a database that may be elsewhere, and workers of other coordinators make
 *  two for each task. What a statement does not find as it should be it leaves as it is, for the transaction to say what is wrong. */
import { type RawBuilder, sql } from "kysely";
import type { Database } from "../platform/db/database.ts";
import { prepareQuery } from "../platform/db/prepared.ts";
import type { SharedTime } from "../platform/db/shared-time.ts";
import { archived } from "./archive.ts";
import type { TaskResult } from "./task.ts";

interface Reported {
  readonly taskId: number;
  readonly workerUuid: string;
}

export interface ReportedEnd extends Reported {
  readonly state: "finished" | "cancelled";
}

export interface ReportedCommit extends Reported, TaskResult {
  /** Null: as was reported before. */
  readonly state: "finished" | "cancelled" | null;
}

export interface CommittedRow {
  readonly id: number;
  readonly uuid: string;
  readonly worker_uuid: string;
  /** Of the task that has waited for this one. */
  readonly released_queue_id: number | null;
  readonly worker_state: string | null;
}

/** @returns says that a task has ended, and whether the worker held it */
export function prepareSetEnded({ kysely }: Database, now: SharedTime): (end: ReportedEnd) => Promise<boolean> {
  const setEnded = prepareQuery<ReportedEnd, { id: number }>(kysely, (slot) =>
    kysely
      .updateTable("tasks")
      .set({ state: slot("state"), updated_at: now.atRun })
      .where("id", "=", slot("taskId"))
      .where("worker_uuid", "=", slot("workerUuid"))
      .returning("id"),
  );
  return async (end) => (await setEnded(end)).length > 0;
}

/** The same for many, on PostgreSQL. Each task once. @returns the ids of those that their worker held */
export function prepareSetAllEnded({ kysely }: Database, now: SharedTime) {
  const setEnded = prepareQuery<Columns<ReportedEnd>, { id: number }>(
    kysely,
    (slot) => sql<{ id: number }>`
      update tasks set state = given.state, updated_at = ${now.atRun}
      from unnest((select ${slot("taskId")}::bigint[]), (select ${slot("workerUuid")}::text[]), (select ${slot("state")}::text[])) as given(id, worker_uuid, state)
      where tasks.id = given.id and tasks.worker_uuid = given.worker_uuid
      returning tasks.id`,
  );
  return async (ends: readonly ReportedEnd[]): Promise<ReadonlySet<number>> => {
    const ordered = inOrder(ends);
    const rows = await setEnded({
      taskId: ordered.map(({ taskId }) => taskId),
      workerUuid: ordered.map(({ workerUuid }) => workerUuid),
      state: ordered.map(({ state }) => state),
    });
    return new Set(rows.map(({ id }) => id));
  };
}

/** On PostgreSQL, which alone can write to two tables in one statement. Each task once. @returns those that their worker held, and that have ended */
export function prepareCommitAll({ kysely }: Database, now: SharedTime) {
  const commit = prepareQuery<Columns<ReportedCommit>, CommittedRow>(kysely, (slot) => {
    const given: RawBuilder<unknown> = sql`
      unnest((select ${slot("taskId")}::bigint[]), (select ${slot("workerUuid")}::text[]), (select ${slot("state")}::text[]),
        (select ${slot("waitStatus")}::integer[]), (select ${slot("reason")}::text[]))
        as given(id, worker_uuid, state, wait_status, reason)`;
    return sql<CommittedRow>`
      with gone as (
        delete from tasks using ${given}
        where tasks.id = given.id and tasks.worker_uuid = given.worker_uuid
          and (given.state is not null or tasks.state in ('finished', 'cancelled'))
        returning tasks.*, coalesce(given.state, tasks.state) as end_state, given.wait_status, given.reason, given.worker_uuid as reporter_uuid
      ), added as (
        ${archived(sql`gone`, now.atRun)}
      ), released as (
        update tasks set state = 'ready', updated_at = ${now.atRun}
        where uuid = any(array(select downstream_uuid from gone)) and state = 'pending' returning uuid, queue_id
      )
      select gone.id, gone.uuid, gone.worker_uuid, released.queue_id as released_queue_id,
        (select state from task_workers where task_workers.uuid = gone.worker_uuid) as worker_state
      from gone left join released on released.uuid = gone.downstream_uuid`;
  });
  return (commits: readonly ReportedCommit[]): Promise<readonly CommittedRow[]> => {
    const ordered = inOrder(commits);
    return commit({
      taskId: ordered.map(({ taskId }) => taskId),
      workerUuid: ordered.map(({ workerUuid }) => workerUuid),
      state: ordered.map(({ state }) => state),
      waitStatus: ordered.map(({ waitStatus }) => waitStatus),
      reason: ordered.map(({ reason }) => reason),
    });
  };
}

/** In the order of the ids, so that two statements that come to the same rows wait for each other, and not in a circle. */
function inOrder<Report extends Reported>(reports: readonly Report[]): readonly Report[] {
  return reports.toSorted((a, b) => a.taskId - b.taskId);
}

/** A list of values for each field: so the text of a statement is the same for one row and for a thousand. The lists stand behind a `select`, as in a claim: their lengths are
 *  then no reason to plan each report anew, which takes PostgreSQL longer than the report. */
type Columns<Report> = { readonly [Name in keyof Report]: readonly Report[Name][] };
