/** How many tasks of some teams there are that wait, run, or went wrong lately. Rights are not looked at here: whoever asks names the teams. */
import { type Kysely, sql } from "kysely";
import type { Database, DialectName } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import type { Task, TeamRef } from "./task.ts";
import { readTasks } from "./task-rows.ts";

export interface TaskCounts {
  /** Of those that are not over. */
  counts(teams: readonly TeamRef[]): Promise<Readonly<Record<"pending" | "queued" | "running", number>>>;
  /** Those that failed since then, the last ones first. @returns how many there are besides the first `limit`, counted up to a thousand */
  failedSince(
    teams: readonly TeamRef[],
    since: number,
    limit: number,
  ): Promise<{ readonly tasks: readonly Task[]; readonly count: number }>;
}

const mostCounted = 1_000;

export function createTaskCounts({ kysely: db, dialect }: Database): TaskCounts {
  return {
    async counts(teams) {
      if (teams.length === 0) return { pending: 0, queued: 0, running: 0 };
      const [pending, queued, running] = await Promise.all([
        countWaiting(db, teams, "pending"),
        countWaiting(db, teams, "ready"),
        countHeld(db, dialect, teams),
      ]);
      return { pending, queued, running };
    },

    async failedSince(teams, since, limit) {
      if (teams.length === 0) return { tasks: [], count: 0 };
      const rows = await db
        .selectFrom("ended_tasks")
        .select("id")
        .where("team_id", "in", idsOf(teams))
        .where(sql<boolean>`wait_status <> 0`) // as the index says it
        .where("state", "=", "finished")
        .where("updated_at", ">=", since)
        .orderBy("updated_at", "desc")
        .limit(mostCounted)
        .execute();
      const ids = rows.slice(0, limit).map(({ id }) => id);
      const tasks = (await readTasks(db, ids)).toSorted((a, b) => b.updatedAt - a.updatedAt);
      return { tasks, count: rows.length };
    },
  };
}

/** From the index of the state alone, which SQLite knows by its very words: ten thousand rows would take ten times as long. */
async function countWaiting(db: Kysely<Schema>, teams: readonly TeamRef[], state: "pending" | "ready") {
  const queues = db.selectFrom("task_queues").select("id").where("team_id", "in", idsOf(teams));
  const { count } = await db
    .selectFrom("tasks")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("queue_id", "in", queues)
    .where(sql<boolean>`state = ${sql.lit(state)}`)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Workers hold few; with the plus SQLite looks through those, and not through all tasks of the teams. */
async function countHeld(db: Kysely<Schema>, dialect: DialectName, teams: readonly TeamRef[]) {
  const teamId = dialect === "postgres" ? sql.ref<string>("team_id") : sql<string>`+team_id`;
  const { count } = await db
    .selectFrom("tasks")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("worker_uuid", "is not", null)
    .where(teamId, "in", idsOf(teams))
    .executeTakeFirstOrThrow();
  return Number(count);
}

function idsOf(teams: readonly TeamRef[]): readonly string[] {
  return teams.map(({ id }) => id);
}
