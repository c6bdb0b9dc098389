/** How tasks come into the database: any number of them in a few statements. */
import { type Kysely, sql } from "kysely";
import type { DialectName } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { givenRows } from "./given-rows.ts";
import type { NewTask } from "./task.ts";
import type { TaskTime } from "./task-time.ts";

export interface AddedTask {
  readonly uuid: string;
  readonly task: NewTask;
  readonly queueId: number;
  readonly creator: { readonly userId: string; readonly username: string };
  /** Given: the task waits for the end of that one. */
  readonly upstreamUuid: string | null;
}

export interface AddTasksParts {
  readonly dialect: DialectName;
  readonly now: TaskTime;
}

/** In the order given. @returns the number of each in its team */
export async function addTasks(
  trx: Kysely<Schema>,
  added: readonly AddedTask[],
  { dialect, now }: AddTasksParts,
): Promise<readonly number[]> {
  if (added.length === 0) return [];
  const numbers = await numberTasks(
    trx,
    added.map(({ task }) => task.team.id),
  );
  const rows = givenRows(
    dialect,
    {
      uuid: "text",
      team_id: "text",
      number: "bigint",
      creator_id: "text",
      creator_name: "text",
      state: "text",
      queue_id: "bigint",
      priority: "integer",
      timeout_seconds: "bigint",
      spec: "text",
      labels: "text",
      upstream_uuid: "text",
    },
    added.map((one, i) => ({
      uuid: one.uuid,
      team_id: one.task.team.id,
      number: numbers[i]!,
      creator_id: one.creator.userId,
      creator_name: one.creator.username,
      state: one.upstreamUuid === null ? "ready" : "pending",
      queue_id: one.queueId,
      priority: one.task.priority,
      timeout_seconds: one.task.timeoutSeconds,
      spec: JSON.stringify(one.task.spec),
      labels: JSON.stringify([...new Set(one.task.labels)]),
      upstream_uuid: one.upstreamUuid,
    })),
  );
  await sql`
    insert into tasks (uuid, team_id, number, creator_id, creator_name, state, queue_id, priority, timeout_seconds, spec, labels,
      upstream_uuid, attempts, created_at, updated_at)
    select uuid, team_id, number, creator_id, creator_name, state, queue_id, priority, timeout_seconds, spec, labels,
      upstream_uuid, 0, times.now, times.now
    from ${rows} as added, (select ${now()} as now) as times`.execute(trx);
  const labels = added.flatMap(({ uuid, task }) => task.labels.map((label) => ({ uuid, label })));
  if (labels.length > 0) await addLabels(trx, labels, dialect);
  return numbers;
}

export async function addLabels(
  trx: Kysely<Schema>,
  labels: readonly { readonly uuid: string; readonly label: string }[],
  dialect: DialectName,
  table: "tasks" | "ended_tasks" = "tasks",
): Promise<void> {
  await sql`
    insert into task_labels (team_id, label, task_id)
    select task.team_id, added.label, task.id
    from ${givenRows(dialect, { uuid: "text", label: "text" }, labels)} as added, ${sql.table(table)} as task
    where task.uuid = added.uuid
    on conflict do nothing`.execute(trx);
}

/** One change of the counter for all tasks of a team that come together: it is a row that all who submit to the team wait for. */
async function numberTasks(trx: Kysely<Schema>, teamIds: readonly string[]): Promise<readonly number[]> {
  const next = new Map<string, number>();
  const counts = [...Map.groupBy(teamIds, (teamId) => teamId)];
  // Always in the same order: two transactions that each wait for the other's counter would never end.
  for (const [teamId, { length }] of counts.sort(([a], [b]) => (a < b ? -1 : 1))) {
    const { last_number } = await trx
      .insertInto("task_counters")
      .values({ team_id: teamId, last_number: length })
      .onConflict((conflict) =>
        conflict.column("team_id").doUpdateSet({ last_number: sql`task_counters.last_number + ${length}` }),
      )
      .returning("last_number")
      .executeTakeFirstOrThrow();
    next.set(teamId, last_number - length + 1);
  }
  return teamIds.map((teamId) => {
    const number = next.get(teamId)!;
    next.set(teamId, number + 1);
    return number;
  });
}
