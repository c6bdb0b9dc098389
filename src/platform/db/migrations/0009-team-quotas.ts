import { sql } from "kysely";
import type { Migration } from "../migrate.ts";
import { createTools } from "./tools.ts";

/** Who made a team and how many a user may make, users who are deleted but kept, and the role for those who only queue tasks. */
export const teamQuotas: Migration = {
  name: "0009-team-quotas",
  async up(db, dialect) {
    const { text, time, flag, count, index } = createTools(db, dialect);
    const { schema } = db;
    await schema.alterTable("users").addColumn("team_quota", count).execute();
    await schema
      .alterTable("users")
      .addColumn("is_retired", flag, (column) => column.notNull().defaultTo(0))
      .execute();
    await schema.alterTable("teams").addColumn("created_by", text).execute();
    await schema
      .alterTable("teams")
      .addColumn("updated_at", time, (column) => column.notNull().defaultTo(0))
      .execute();
    await index("teams", "created_by");
    await sql`update teams set updated_at = created_at, created_by = coalesce(personal_of,
      (select min(user_id) from team_members where team_id = teams.id and role = 'owner'))`.execute(db);
    // A new yard gets its roles all at once, later.
    await sql`insert into roles (name, permissions, updated_at)
      select 'tasks', ${JSON.stringify(tasksRole)}, max(updated_at) from roles
      having count(*) > 0 and count(case when name = 'tasks' then 1 end) = 0`.execute(db);
  },
};

/** As it was when this migration was written. */
const tasksRole = [
  "blobs.read",
  "blobs.write",
  "password.change-own",
  "tasks.control",
  "tasks.submit",
  "tasks.view",
  "teams.create",
  "teams.write",
  "tokens.renew",
  "totp.enable-own",
  "workers.control",
  "workers.register",
  "workers.view",
];
