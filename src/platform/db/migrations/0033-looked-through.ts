import { sql } from "kysely";
import type { Migration } from "../migrate.ts";
import { createTools } from "./tools.ts";

/** What people look through lists by, so that a page takes as long however much is kept of what is over. What nearly all rows have in common is not worth an entry in each. */
export const lookedThrough: Migration = {
  name: "0033-looked-through",
  async up(db, dialect) {
    await createTools(db, dialect).index("capsules", "team_id", "id");
    for (const index of [
      "executions_unusual on executions (team_id, created_at, id) where status <> 'completed'",
      "executions_of_session on executions (team_id, session, created_at, id) where session is not null",
      "ended_tasks_failed_by_age on ended_tasks (team_id, id) where wait_status <> 0",
    ])
      await sql`create index ${sql.raw(index)}`.execute(db);
  },
};
