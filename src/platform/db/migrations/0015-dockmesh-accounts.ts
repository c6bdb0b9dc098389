import { sql } from "kysely";
import type { Migration } from "../migrate.ts";
import { createTools } from "./tools.ts";

/** Users who are held to some hosts, roles by another name, sessions that end when idle, keys with numbers and a role of their own, codes for whoever has
 *  lost the authenticator app, and tickets. */
export const dockmeshAccounts: Migration = {
  name: "0015-dockmesh-accounts",
  async up(db, dialect) {
    const { table, unique, index, text, time, count, sequence } = createTools(db, dialect);
    const { schema } = db;
    await schema.alterTable("users").addColumn("host_tags", text).execute();
    await schema.alterTable("roles").addColumn("display_name", text).execute();
    await schema.alterTable("sessions").addColumn("user_agent", text).execute();
    await schema.alterTable("sessions").addColumn("idle_ms", count).execute();
    await schema.alterTable("sessions").addColumn("ends_at", time).execute();
    await schema.alterTable("api_keys").addColumn("role_name", text).execute();
    await schema.alterTable("api_keys").addColumn("last_used_address", text).execute();
    await table("api_key_numbers", (numbers) =>
      numbers
        .addColumn("number", sequence)
        .addColumn("key_id", text, (column) => column.notNull().references("api_keys.id").onDelete("cascade")),
    );
    await unique("api_key_numbers", "key_id");
    await sql`insert into api_key_numbers (key_id) select id from api_keys order by created_at, id`.execute(db);
    await table("recovery_codes", (codes) =>
      codes
        .addColumn("user_id", text, (column) => column.notNull().references("users.id").onDelete("cascade"))
        .addColumn("hash", text, (column) => column.notNull())
        .addPrimaryKeyConstraint("recovery_codes_primary", ["user_id", "hash"] as never),
    );
    await table("tickets", (tickets) =>
      tickets
        .addColumn("hash", text, (column) => column.primaryKey())
        .addColumn("user_id", text, (column) => column.notNull().references("users.id").onDelete("cascade"))
        .addColumn("holder", text, (column) => column.notNull())
        .addColumn("expires_at", time, (column) => column.notNull()),
    );
    await index("tickets", "expires_at");
  },
};
