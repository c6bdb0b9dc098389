/** Finds tasks by what somebody has of them: uuids, or the beginning of one. */
import { sql } from "kysely";
import type { Database } from "../platform/db/database.ts";
import type { Task, TeamRef } from "./task.ts";
import { readTasks } from "./task-rows.ts";

export interface TaskLookups {
  /** Whose they are, those that there are. */
  teamsOf(uuids: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Those whose uuid begins so, a few at most. @param prefix 8 characters or more, as uuids are written */
  withUuid(teams: readonly TeamRef[], prefix: string, limit: number): Promise<readonly Task[]>;
}

export function createTaskLookups({ kysely: db, dialect }: Pick<Database, "kysely" | "dialect">): TaskLookups {
  /** With the plus SQLite finds them by their uuid, and not among all tasks of the teams. */
  const teamId = dialect === "postgres" ? sql.ref<string>("team_id") : sql<string>`+team_id`;

  return {
    async teamsOf(uuids) {
      if (uuids.length === 0) return new Map();
      const open = await db.selectFrom("tasks").select(["uuid", "team_id"]).where("uuid", "in", uuids).execute();
      const ended = await db.selectFrom("ended_tasks").select(["uuid", "team_id"]).where("uuid", "in", uuids).execute();
      return new Map([...open, ...ended].map((row) => [row.uuid, row.team_id]));
    },

    async withUuid(teams, prefix, limit) {
      if (teams.length === 0) return [];
      const teamIds = teams.map(({ id }) => id);
      const from = prefix.toLowerCase();
      const to = `${from}g`; // behind all that begins so: uuids end with f
      const [open, ended] = await Promise.all(
        ([db.selectFrom("tasks"), db.selectFrom("ended_tasks" as "tasks")] as const).map((table) =>
          table
            .select("id")
            .where("uuid", ">=", from)
            .where("uuid", "<", to)
            .where(teamId, "in", teamIds)
            .limit(limit)
            .execute(),
        ),
      );
      const ids = [...(open ?? []), ...(ended ?? [])].map(({ id }) => id);
      return (await readTasks(db, [...new Set(ids)])).slice(0, limit);
    },
  };
}
