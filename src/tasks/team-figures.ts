/** What is shown of a team besides its members. */
import type { Database } from "../platform/db/database.ts";

export interface TeamFigures {
  /** Ever submitted. */
  tasksOf(teamId: string): Promise<number>;
  /** Linked to it, in whatever role. */
  workersOf(teamId: string): Promise<number>;
}

export function createTeamFigures({ kysely: db }: Database): TeamFigures {
  return {
    async tasksOf(teamId) {
      const counter = await db
        .selectFrom("task_counters")
        .select("last_number")
        .where("team_id", "=", teamId)
        .executeTakeFirst();
      return counter?.last_number ?? 0;
    },
    async workersOf(teamId) {
      const { workers } = await db
        .selectFrom("task_worker_teams")
        .select((select) => select.fn.countAll<number>().as("workers"))
        .where("team_id", "=", teamId)
        .executeTakeFirstOrThrow();
      return workers;
    },
  };
}
