/** A claim in one statement, in the words of each dialect. It takes the first tasks, by priority and age, of all queues that fit; what it costs does not depend
 *  on how many wait: of each queue it reads the head, then no more of any than it may take.
 *
 *  The first `limit` tasks are in the `limit` queues with the best heads at most, so only these are read further. */
import { type Kysely, sql } from "kysely";
import type { DialectName } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import type { TaskTime } from "./task-time.ts";

export interface ClaimRequest {
  readonly workerUuid: string;
  /** Of the worker as it was when the queues were chosen: nothing is claimed if it has changed since, or is no more. */
  readonly revision: number;
  readonly queueIds: readonly number[];
  readonly limit: number;
}

export interface ClaimedRow {
  readonly id: number;
  readonly uuid: string;
  readonly priority: number;
  readonly timeout_seconds: number;
  readonly upstream_uuid: string | null;
  readonly attempts: number;
  readonly spec: string;
}

/** In no order. */
export async function claimRows(
  db: Kysely<Schema>,
  dialect: DialectName,
  request: ClaimRequest,
  now: TaskTime,
): Promise<readonly ClaimedRow[]> {
  const { rows } = await (dialect === "sqlite" ? onSqlite(request, now) : onPostgres(request, now)).execute(db);
  return rows;
}

/** SQLite has one writer: what is read here is still so when it is changed. */
function onSqlite({ workerUuid, revision, queueIds, limit }: ClaimRequest, now: TaskTime) {
  const queues = JSON.stringify(queueIds);
  return sql<ClaimedRow>`
    with heads(queue_id, head) as materialized (
      select value, (select id from tasks where queue_id = value and state = 'ready' order by priority desc, id limit 1)
      from json_each(${queues})
    ), best(queue_id) as materialized (
      select heads.queue_id from heads cross join tasks as task on task.id = heads.head
      order by task.priority desc, task.id limit ${limit}
    ), chosen(id) as materialized (
      select task.id from best cross join tasks as task on task.id in (
        select id from tasks where queue_id = best.queue_id and state = 'ready' order by priority desc, id limit ${limit})
      order by task.priority desc, task.id limit ${limit}
    )
    update tasks set state = 'running', worker_uuid = ${workerUuid}, attempts = attempts + 1, updated_at = ${now()}
    where id in (select id from chosen)
      and exists (select 1 from task_workers where uuid = ${workerUuid} and revision = ${revision} and state = 'normal')
    returning id, uuid, priority, timeout_seconds, upstream_uuid, attempts, spec`;
}

/** Several claim at once. How many of each queue are due is read without locks; then so many are locked, passing by those that somebody else is taking
 *  at this moment. So two that come together get different tasks, and neither waits. The worker's row is held against a removal.
 *
 *  Two phrases are there for the planner, which cannot know how few rows there will be and would sort or read the whole table: the inner limit beside the one
 *  that counts (rows are locked as they are asked for, so no more than that), and an array of ids in place of a join. */
function onPostgres({ workerUuid, revision, queueIds, limit }: ClaimRequest, now: TaskTime) {
  return sql<ClaimedRow>`
    with worker as materialized (
      select uuid from task_workers where uuid = ${workerUuid} and revision = ${revision} and state = 'normal' for key share
    ), best as materialized (
      select queue.id as queue_id
      from unnest(${[...queueIds]}::bigint[]) as queue(id) cross join lateral (
        select priority, id from tasks where queue_id = queue.id and state = 'ready' order by priority desc, id limit 1) as head
      order by head.priority desc, head.id limit ${limit}
    ), due as materialized (
      select queue_id, count(*) as tasks from (
        select best.queue_id from best cross join lateral (
          select priority, id from tasks where queue_id = best.queue_id and state = 'ready' order by priority desc, id limit ${limit}) as task
        order by task.priority desc, task.id limit ${limit}) as first
      group by queue_id
    ), chosen as materialized (
      select task.id from worker, due cross join lateral (
        select id from (
          select id from tasks where queue_id = due.queue_id and state = 'ready' order by priority desc, id
          limit ${limit} for update skip locked) as first
        limit due.tasks) as task
    )
    update tasks set state = 'running', worker_uuid = ${workerUuid}, attempts = attempts + 1, updated_at = ${now()}
    where id = any(array(select id from chosen))
    returning id, uuid, priority, timeout_seconds, upstream_uuid, attempts, spec`;
}
