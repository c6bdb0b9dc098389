/** Lists and counts of tasks. Those that are not over come before those that are; within each the oldest first. */
import { type Kysely, sql } from "kysely";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import { requireRole } from "./access.ts";
import { type Conditions, endedConditions, openConditions } from "./filter.ts";
import type { Page, Task } from "./task.ts";
import { limits } from "./task-limits.ts";
import { type StoredTask, selectEnded, selectOpen, toTask } from "./task-rows.ts";
import type { Tasks } from "./tasks.ts";

interface Slice {
  readonly offset: number;
  readonly limit: number;
}

export function createFind({ kysely: db, dialect }: Database): Pick<Tasks, "find" | "count"> {
  return {
    async find(caller, filter, page = {}) {
      requireRole(caller, filter.team, "viewer");
      const { offset, limit } = sliceOf(page);
      const open = await openConditions(db, dialect, filter);
      const rows = open === "none" ? [] : await listOpen(db, open, { offset, limit });
      if (rows.length === limit) return rows.map(toTask);
      const ended = await endedConditions(db, dialect, filter);
      if (ended === "none") return rows.map(toTask);
      // A page that begins among the ended ones has to know how many are before them.
      const before = open === "none" || offset === 0 ? 0 : await count(db, "tasks", open);
      const rest = { offset: Math.max(0, offset - before), limit: limit - rows.length };
      return withEnded(rows, await listEnded(db, ended, rest));
    },

    async count(caller, filter) {
      requireRole(caller, filter.team, "viewer");
      const open = await openConditions(db, dialect, filter);
      const ended = await endedConditions(db, dialect, filter);
      const counts = [
        open === "none" ? 0 : await count(db, "tasks", open),
        ended === "none" ? 0 : await count(db, "ended_tasks", ended),
      ] as const;
      return counts[0] + counts[1];
    },
  };
}

/** A task that ended between the two looks is in both: as it was is dropped. */
function withEnded(open: readonly StoredTask[], ended: readonly StoredTask[]): readonly Task[] {
  const over = new Set(ended.map(({ id }) => id));
  return [...open.filter(({ id }) => !over.has(id)), ...ended].map(toTask);
}

/** @throws {YardError} invalid */
function sliceOf({ offset = 0, limit = limits.listed }: Page): Slice {
  for (const [field, value] of Object.entries({ offset, limit })) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    throw new YardError("invalid", `${field} must be a whole number, 0 or more.`, { field });
  }
  return { offset, limit: Math.min(limit, limits.listed) };
}

/** The ids of the tasks that match, without an order. */
export function matching(db: Kysely<Schema>, table: "tasks" | "ended_tasks", conditions: Conditions) {
  const { teamId, label, where, isUnordered } = conditions;
  // Both tables have all columns that are named here.
  let query = db.selectFrom(`${table as "tasks"} as task`).select("task.id");
  for (const condition of where) query = query.where(condition);
  // With the plus no index offers the order: else SQLite would go through all tasks of the team for it.
  if (label === undefined) return query.orderBy(isUnordered ? sql`+task.id` : sql`task.id`);
  return query
    .innerJoin("task_labels as leading", "leading.task_id", "task.id")
    .where("leading.team_id", "=", teamId)
    .where("leading.label", "=", label)
    .orderBy("leading.task_id");
}

async function count(db: Kysely<Schema>, table: "tasks" | "ended_tasks", conditions: Conditions): Promise<number> {
  const { matches } = await db
    .selectFrom(matching(db, table, conditions).clearOrderBy().as("matching"))
    .select((select) => select.fn.countAll<number>().as("matches"))
    .executeTakeFirstOrThrow();
  return matches;
}

function listOpen(
  db: Kysely<Schema>,
  conditions: Conditions,
  { offset, limit }: Slice,
): Promise<readonly StoredTask[]> {
  const ids = matching(db, "tasks", conditions).limit(limit).offset(offset);
  return selectOpen(db).where("task.id", "in", ids).orderBy("task.id").execute();
}

function listEnded(
  db: Kysely<Schema>,
  conditions: Conditions,
  { offset, limit }: Slice,
): Promise<readonly StoredTask[]> {
  const ids = matching(db, "ended_tasks", conditions).limit(limit).offset(offset);
  return selectEnded(db).where("task.id", "in", ids).orderBy("task.id").execute();
}
