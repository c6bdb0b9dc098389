/** How tasks come into the database: any number of them in a few statements. */
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Database, DialectName } from "../platform/db/database.ts";
import { prepareQuery } from "../platform/db/prepared.ts";
import type { Schema } from "../platform/db/schema.ts";
import type { SharedTime } from "../platform/db/shared-time.ts";
import { givenRows } from "./given-rows.ts";
import type { NewTask } from "./task.ts";

export interface AddedTask {
  readonly uuid: string;
  readonly task: NewTask;
  readonly queueId: number;
  readonly creator: { readonly userId: string; readonly username: string };
  /** Given: the task waits for the end of that one. */
  readonly upstreamUuid: string | null;
}

/** In the order given. @returns the number of each in its team */
export type AddTasks = (trx: Kysely<Schema>, added: readonly AddedTask[]) => Promise<readonly number[]>;

const columns = {
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
} as const;
type Column = keyof typeof columns;
type Row = ReturnType<typeof rowOf>;

/** Most tasks come one at a time, to somebody who waits: for them the statements are made once. */
export function prepareAddTasks({ kysely, dialect }: Database, now: SharedTime): AddTasks {
  const addOne = prepareQuery<Row, never>(kysely, (slot) => {
    const values = Object.entries(columns).map(
      ([name, type]) => sql`cast(${slot(name as Column)} as ${sql.raw(type)}) as ${sql.ref(name)}`,
    );
    return insertOf(sql`(select ${sql.join(values)})`, now.atRun);
  });
  const countOn = prepareQuery<{ teamId: string; count: number }, { last_number: number }>(kysely, (slot) =>
    kysely
      .insertInto("task_counters")
      .values({ team_id: slot("teamId"), last_number: slot("count") })
      .onConflict((conflict) =>
        conflict.column("team_id").doUpdateSet({ last_number: sql`task_counters.last_number + ${slot("count")}` }),
      )
      .returning("last_number"),
  );

  /** One change of the counter for all tasks of a team that come together: it is a row that all who submit to the team wait for. */
  async function numberTasks(trx: Kysely<Schema>, teamIds: readonly string[]): Promise<readonly number[]> {
    const next = new Map<string, number>();
    const counts = [...Map.groupBy(teamIds, (teamId) => teamId)];
    // Always in the same order: two transactions that each wait for the other's counter would never end.
    for (const [teamId, { length }] of counts.sort(([a], [b]) => (a < b ? -1 : 1))) {
      const [counter] = await countOn({ teamId, count: length }, trx);
      next.set(teamId, counter!.last_number - length + 1);
    }
    return teamIds.map((teamId) => {
      const number = next.get(teamId)!;
      next.set(teamId, number + 1);
      return number;
    });
  }

  return async (trx, added) => {
    if (added.length === 0) return [];
    const numbers = await numberTasks(
      trx,
      added.map(({ task }) => task.team.id),
    );
    const rows = added.map((one, i) => rowOf(one, numbers[i]!));
    if (rows.length === 1) await addOne(rows[0]!, trx);
    else await insertOf(givenRows<Row>(dialect, columns, rows), now()).execute(trx);
    const labels = added.flatMap(({ uuid, task }) => task.labels.map((label) => ({ uuid, label })));
    if (labels.length > 0) await addLabels(trx, labels, dialect);
    return numbers;
  };
}

function rowOf({ uuid, task, queueId, creator, upstreamUuid }: AddedTask, number: number) {
  return {
    uuid,
    team_id: task.team.id,
    number,
    creator_id: creator.userId,
    creator_name: creator.username,
    state: upstreamUuid === null ? "ready" : "pending",
    queue_id: queueId,
    priority: task.priority,
    timeout_seconds: task.timeoutSeconds,
    spec: JSON.stringify(task.spec),
    labels: JSON.stringify([...new Set(task.labels)]),
    upstream_uuid: upstreamUuid,
  } satisfies Record<Column, string | number | null>;
}

/** @param rows as in a `from`, in parentheses */
function insertOf(rows: RawBuilder<unknown>, now: RawBuilder<number>) {
  return sql<never>`
    insert into tasks (uuid, team_id, number, creator_id, creator_name, state, queue_id, priority, timeout_seconds, spec, labels,
      upstream_uuid, attempts, created_at, updated_at)
    select uuid, team_id, number, creator_id, creator_name, state, queue_id, priority, timeout_seconds, spec, labels,
      upstream_uuid, 0, times.now, times.now
    from ${rows} as added, (select ${now} as now) as times`;
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
