/** The end of tasks: whoever ends them, they go from `tasks` to `ended_tasks`, in one transaction with all that follows from it. */
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { DialectName } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import type { SharedTime } from "../platform/db/shared-time.ts";
import { givenRows } from "./given-rows.ts";
import type { ResultReason } from "./task.ts";

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
  { dialect, now }: { dialect: DialectName; now: SharedTime },
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
  const ended = (tasks: RawBuilder<unknown>) => sql`(
    select task.*, ended.state as end_state, ended.wait_status, ended.reason, ended.reporter_uuid
    from ${rows} as ended, ${tasks} as task where task.id = ended.id) as gone`;
  if (dialect === "postgres") {
    // By an array of ids: PostgreSQL takes given rows for a hundred, and would rather read all of a small table for one of them.
    const gone = sql`delete from tasks where id = any(${ids}::bigint[]) returning *`;
    await sql`with taken as (${gone}) ${archived(ended(sql`taken`), now())}`.execute(trx);
  } else {
    await archived(ended(sql`tasks`), now()).execute(trx);
    await trx.deleteFrom("tasks").where("id", "in", ids).execute();
  }
}

/** The statement that adds tasks to those that are over.
 *  @param gone their rows as in a `from`, with what they have come to: `end_state`, `wait_status`, `reason`, `reporter_uuid` */
export function archived(gone: RawBuilder<unknown>, now: RawBuilder<number>) {
  return sql`
    insert into ended_tasks (id, uuid, team_id, number, creator_id, creator_name, state, queue_id, priority, timeout_seconds, spec, labels,
      attempts, upstream_uuid, downstream_uuid, created_at, updated_at, wait_status, reason, reporter_uuid)
    select id, uuid, team_id, number, creator_id, creator_name, end_state, queue_id, priority, timeout_seconds, spec, labels,
      attempts, upstream_uuid, downstream_uuid, created_at, times.now, wait_status, reason, reporter_uuid
    from ${gone}, (select ${now} as now) as times`;
}

/** Those that were submitted by a run whose task has ended wait no longer. @returns their queues */
export async function releaseDownstream(
  trx: Kysely<Schema>,
  uuids: readonly string[],
  now: SharedTime,
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
