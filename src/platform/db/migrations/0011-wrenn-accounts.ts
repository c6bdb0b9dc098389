import { sql } from "kysely";
import type { Migration } from "../migrate.ts";
import { createTools } from "./tools.ts";

/** Teams that are shown by another name than they are found by, when members have joined, whom another service vouches for, and the role for those
 *  who only use capsules. */
export const wrennAccounts: Migration = {
  name: "0011-wrenn-accounts",
  async up(db, dialect) {
    const { table, text, time, flag, unique, index } = createTools(db, dialect);
    const { schema } = db;
    await schema.alterTable("teams").addColumn("display_name", text).execute();
    await schema
      .alterTable("teams")
      .addColumn("is_byoc", flag, (column) => column.notNull().defaultTo(0))
      .execute();
    await schema.alterTable("team_members").addColumn("joined_at", time).execute();
    await table("user_links", (links) =>
      links
        .addColumn("subject", text, (column) => column.notNull())
        .addColumn("user_id", text, (column) => column.notNull())
        .addColumn("created_at", time, (column) => column.notNull()),
    );
    await unique("user_links", "subject");
    await index("user_links", "user_id");
    // A new yard gets its roles all at once, later.
    await sql`insert into roles (name, permissions, updated_at)
      select 'capsules', ${JSON.stringify(capsulesRole)}, max(updated_at) from roles
      having count(*) > 0 and count(case when name = 'capsules' then 1 end) = 0`.execute(db);
  },
};

/** As it was when this migration was written. */
const capsulesRole = [
  "capsules.run",
  "capsules.view",
  "channels.view",
  "channels.write",
  "hosts.write",
  "keys.view",
  "keys.write",
  "password.change-own",
  "teams.create",
  "teams.write",
  "templates.write",
  "tokens.renew",
  "totp.enable-own",
];
