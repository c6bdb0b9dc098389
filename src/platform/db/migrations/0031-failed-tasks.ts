import { sql } from "kysely";
import type { Migration } from "../migrate.ts";

/** Finds what went wrong lately; few tasks do. */
export const failedTasks: Migration = {
  name: "0031-failed-tasks",
  async up(db) {
    await sql`create index ended_tasks_failed_lately on ended_tasks (team_id, updated_at) where wait_status <> 0`.execute(
      db,
    );
  },
};
