/** The end of tasks: whoever ends them, they go from `tasks` to `ended_tasks`, in one transaction with all that follows from it. */
import { type Kysely, sql } from "kysely";
import type { DialectName } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { givenRows } from "./given-rows.ts";
import type { ResultReason } from "./task.ts";
import type { TaskTime } from "./task-time.ts";

export interface TaskEnd {
  readonly id: number;
  readonly state: "finished" | "cancelled";
  readonly waitStatus: number;
  readonly reason: ResultReason | null;
  readonly reporterUuid: string | null;
}

/** Of tasks whose rows the transaction holds. */
export async function endTasks(
  trx: Kysely<Schema>,
  ends: readonly TaskEnd[],
  { dialect, now }: { dialect: DialectName; now: TaskTime },
): Promise<void> {
  if (ends.length === 0) return;
  const rows = givenRows(
    dialect,
    { id: "bigint", state: "text", wait_status: "integer", reason: "text", reporter_uuid: "text" },
    ends.map(({ id, state, waitStatus, reason, reporterUuid }) => ({
      id,
      state,
      wait_status: waitStatus,
      reason,
      reporter_uuid: reporterUuid,
    })),
  );
  const ids = ends.map(({ id }) => id);
  const archive = sql`
    insert into ended_tasks (id, uuid, team_id, number, creator_id, creator_name, state, queue_id, priority, timeout_seconds, spec, labels,
      attempts, upstream_uuid, downstream_uuid, created_at, updated_at, wait_status, reason, reporter_uuid)
    select task.id, task.uuid, task.team_id, task.number, task.creator_id, task.creator_name, ended.state, task.queue_id, task.priority,
      task.timeout_seconds, task.spec, task.labels, task.attempts, task.upstream_uuid, task.downstream_uuid, task.created_at,
      times.now, ended.wait_status, ended.reason, ended.reporter_uuid
    from ${rows} as ended, ${sql.table(dialect === "postgres" ? "gone" : "tasks")} as task, (select ${now()} as now) as times
    where task.id = ended.id`;
  if (dialect === "postgres") {
    // By an array of ids: PostgreSQL takes given rows for a hundred, and would rather read all of a small table for one of them.
    await sql`with gone as (delete from tasks where id = any(${ids}::bigint[]) returning *) ${archive}`.execute(trx);
  } else {
    await archive.execute(trx);
    await trx.deleteFrom("tasks").where("id", "in", ids).execute();
  }
}

/** Those that were submitted by a run whose task has ended wait no longer. @returns their queues */
export async function releaseDownstream(
  trx: Kysely<Schema>,
  uuids: readonly string[],
  now: TaskTime,
): Promise<readonly number[]> {
  if (uuids.length === 0) return [];
  const released = await trx
    .updateTable("tasks")
    .set({ state: "ready", updated_at: now() })
    .where("uuid", "in", uuids)
    .where("state", "=", "pending")
    .returning("queue_id")
    .execute();
  return released.map(({ queue_id }) => queue_id);
}
