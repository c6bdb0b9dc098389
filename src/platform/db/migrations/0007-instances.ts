import type { Migration } from "../migrate.ts";
import { createTools } from "./tools.ts";

/** The yards that share this database, and which of them an execution or an app belongs to. */
export const instances: Migration = {
  name: "0007-instances",
  async up(db, dialect) {
    const { table, text, time } = createTools(db, dialect);
    await table("instances", (instances) =>
      instances
        .addColumn("id", text, (column) => column.primaryKey())
        .addColumn("name", text, (column) => column.notNull())
        .addColumn("lease_until", time, (column) => column.notNull())
        .addColumn("gone_at", time),
    );
    await db.schema.alterTable("executions").addColumn("instance_id", text).execute();
    await db.schema.alterTable("executions").addColumn("cancel_requested_at", time).execute();
    await db.schema.alterTable("apps").addColumn("host_id", text).execute();
  },
};
