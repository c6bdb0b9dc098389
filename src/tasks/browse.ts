/** Tasks as people look through them: those of several teams, newest first, page by page. Rights are not looked at here: whoever asks names the teams. */
import { type Kysely, sql } from "kysely";
import type { Database } from "../platform/db/database.ts";
import { type ScannedPage, scanPage } from "../platform/db/scan-page.ts";
import type { Schema } from "../platform/db/schema.ts";
import { type Conditions, endedConditions, openConditions } from "./filter.ts";
import { matching } from "./find.ts";
import type { Task, TaskFilter, TeamRef } from "./task.ts";
import { createTaskCounts, type TaskCounts } from "./task-counts.ts";
import { createTaskLookups, type TaskLookups } from "./task-lookups.ts";
import { readTasks } from "./task-rows.ts";

/** How a task does, in the words of who waits for it. */
export const taskPhases = ["pending", "queued", "running", "succeeded", "failed", "cancelled"] as const;
export type TaskPhase = (typeof taskPhases)[number];

export interface TaskBrowser extends TaskCounts, TaskLookups {
  /** Newest first. @throws {YardError} invalid */
  page(wanted: WantedTasks): Promise<ScannedPage<Task, number>>;
}

export interface WantedTasks extends Pick<TaskFilter, "tags" | "labels"> {
  readonly teams: readonly TeamRef[];
  /** Any of; absent: all. */
  readonly phases?: readonly TaskPhase[];
  readonly matches?: (task: Task) => boolean;
  /** `next` of the page before. */
  readonly from: number | undefined;
  readonly limit: number;
}

/** Some tasks that are in one table, by what a filter can say of them. */
interface Lane extends Pick<TaskFilter, "states" | "waitStatus"> {
  readonly table: "tasks" | "ended_tasks";
}

/** What a worker has reported and not committed still runs, as far as its user is concerned. */
const lanes: Readonly<Record<TaskPhase, Lane>> = {
  pending: { table: "tasks", states: ["pending"] },
  queued: { table: "tasks", states: ["ready"] },
  running: { table: "tasks", states: ["running", "finished", "cancelled"] },
  succeeded: { table: "ended_tasks", states: ["finished"], waitStatus: { is: "=", value: 0 } },
  failed: { table: "ended_tasks", states: ["finished"], waitStatus: { is: "!=", value: 0 } },
  cancelled: { table: "ended_tasks", states: ["cancelled"] },
};
const allLanes: readonly Lane[] = [{ table: "tasks" }, { table: "ended_tasks" }];

export function phaseOf({ state, result }: Pick<Task, "state" | "result">): TaskPhase {
  if (result !== null) {
    if (state === "cancelled") return "cancelled";
    return result.waitStatus === 0 ? "succeeded" : "failed";
  }
  if (state === "pending") return "pending";
  return state === "ready" ? "queued" : "running";
}

export function createTaskBrowser(database: Database): TaskBrowser {
  const { kysely: db, dialect } = database;
  /** The ids of one team's tasks in one lane below `before`, the highest first. */
  async function newestOf(team: TeamRef, lane: Lane, wanted: WantedTasks, before: number | undefined, limit: number) {
    const { table, ...rest } = lane;
    const filter: TaskFilter = { team, ...rest, tags: wanted.tags, labels: wanted.labels };
    const conditionsOf = table === "tasks" ? openConditions : endedConditions;
    const conditions = await conditionsOf(db, dialect, filter);
    if (conditions === "none") return [];
    const rows = await newestFirst(db, table, conditions, before).limit(limit).execute();
    return rows.map(({ id }) => id);
  }

  async function read(wanted: WantedTasks, before: number | undefined, limit: number): Promise<readonly Task[]> {
    const chosen = wanted.phases?.map((phase) => lanes[phase]) ?? allLanes;
    const found = await Promise.all(
      wanted.teams.flatMap((team) => chosen.map((lane) => newestOf(team, lane, wanted, before, limit))),
    );
    // One that ended between two looks is in both lanes.
    const ids = [...new Set(found.flat())].sort((a, b) => b - a).slice(0, limit);
    return readTasks(db, ids);
  }

  return {
    page: (wanted) =>
      scanPage({
        ...{ from: wanted.from, limit: wanted.limit, matches: wanted.matches },
        read: (before, limit) => read(wanted, before, limit),
        placeOf: ({ id }) => id,
      }),
    ...createTaskCounts(database),
    ...createTaskLookups(database),
  };
}

function newestFirst(
  db: Kysely<Schema>,
  table: "tasks" | "ended_tasks",
  conditions: Conditions,
  before: number | undefined,
) {
  const id = conditions.label === undefined ? sql.ref<number>("task.id") : sql.ref<number>("leading.task_id");
  const place = conditions.isUnordered ? sql<number>`+${id}` : id; // see `matching`
  return matching(db, table, conditions)
    .clearOrderBy()
    .$if(before !== undefined, (query) => query.where(sql<boolean>`${place} < ${before}`))
    .orderBy(place, "desc");
}
