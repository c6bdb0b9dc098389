/** A claim in one statement, in the words of each dialect. It takes the first tasks, by priority and age, of all queues that fit; what it costs does not depend
 *  on how many wait: of each queue it reads the head, then no more of any than it may take.
 *
 *  The first `limit` tasks are in the `limit` queues with the best heads at most, so only these are read further. */
import { type RawBuilder, sql } from "kysely";
import type { Database } from "../platform/db/database.ts";
import { prepareQuery } from "../platform/db/prepared.ts";
import type { SharedTime } from "../platform/db/shared-time.ts";

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

/** @returns claims tasks; in no order */
export function prepareClaim(
  { kysely, dialect }: Database,
  now: SharedTime,
): (request: ClaimRequest) => Promise<readonly ClaimedRow[]> {
  const isSqlite = dialect === "sqlite";
  const claim = prepareQuery<StatementValues, ClaimedRow>(kysely, (slot) => {
    const values: StatementSlots = {
      workerUuid: slot("workerUuid"),
      revision: slot("revision"),
      queueIds: slot("queueIds"),
      limit: slot("limit"),
    };
    return isSqlite ? onSqlite(values, now) : onPostgres(values, now);
  });
  return ({ queueIds, ...request }) =>
    claim({ ...request, queueIds: isSqlite ? JSON.stringify(queueIds) : [...queueIds] });
}

interface StatementValues extends Omit<ClaimRequest, "queueIds"> {
  /** As each dialect takes a list. */
  readonly queueIds: string | number[];
}

type StatementSlots = { readonly [Name in keyof StatementValues]: RawBuilder<StatementValues[Name]> };

/** SQLite has one writer: what is read here is still so when it is changed. For `+ 0` see platform/db/dialects/sqlite.ts. */
function onSqlite({ workerUuid, revision, queueIds, limit }: StatementSlots, now: SharedTime) {
  return sql<ClaimedRow>`
    with heads(queue_id, head) as materialized (
      select value, (select id from tasks where queue_id = value and state = 'ready' order by priority desc, id limit 1)
      from json_each(${queueIds})
    ), best(queue_id) as materialized (
      select heads.queue_id from heads cross join tasks as task on task.id = heads.head
      order by task.priority desc, task.id limit ${limit} + 0
    ), chosen(id) as materialized (
      select task.id from best cross join tasks as task on task.id in (
        select id from tasks where queue_id = best.queue_id and state = 'ready' order by priority desc, id limit ${limit} + 0)
      order by task.priority desc, task.id limit ${limit} + 0
    )
    update tasks set state = 'running', worker_uuid = ${workerUuid}, attempts = attempts + 1, updated_at = ${now.atRun}
    where id in (select id from chosen)
      and exists (select 1 from task_workers where uuid = ${workerUuid} and revision = ${revision} and state = 'normal')
    returning id, uuid, priority, timeout_seconds, upstream_uuid, attempts, spec`;
}

/** Several claim at once. How many of each queue are due is read without locks; then so many are locked, passing by those that somebody else is taking
 *  at this moment. So two that come together get different tasks, and neither waits. The worker's row is held against a removal.
 *
 *  Nobody waits until it is on the disk (`synchronous_commit`, which holds for this statement's own transaction). What a worker reports of a task comes after it in the log, so
 *  nothing that counts is ever without its claim. One that is lost with the server leaves the task waiting while its worker runs it, as does a lease that has run out: another
 *  gets it, and what that worker reports counts no more.
 *
 *  Three phrases are there for the planner, which cannot know how few rows there will be and would sort or read the whole table: the inner limit beside the one
 *  that counts (rows are locked as they are asked for, so no more than that), an array of ids in place of a join, and the queues behind a `select`: their number is
 *  then no reason to plan each claim anew, which takes longer than the claim. */
function onPostgres({ workerUuid, revision, queueIds, limit }: StatementSlots, now: SharedTime) {
  return sql<ClaimedRow>`
    with worker as materialized (
      select uuid from task_workers where uuid = ${workerUuid} and revision = ${revision} and state = 'normal'
        and (select set_config('synchronous_commit', 'off', true)) = 'off' for key share
    ), best as materialized (
      select queue.id as queue_id
      from unnest((select ${queueIds}::bigint[])) as queue(id) cross join lateral (
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
    update tasks set state = 'running', worker_uuid = ${workerUuid}, attempts = attempts + 1, updated_at = ${now.atRun}
    where id = any(array(select id from chosen))
    returning id, uuid, priority, timeout_seconds, upstream_uuid, attempts, spec`;
}
