import { sql } from "kysely";
import type { Migration } from "../migrate.ts";
import { createTools } from "./tools.ts";

/** Where entries of the audit log are sent, and up to which they were. */
export const auditRetention: Migration = {
  name: "0024-audit-retention",
  async up(db, dialect) {
    const { table, text, time, count } = createTools(db, dialect);
    await table("audit_webhook", (webhook) =>
      webhook
        .addColumn("name", text, (column) => column.primaryKey())
        .addColumn("url", text, (column) => column.notNull())
        .addColumn("sealed_secret", text)
        .addColumn("filter_actions", text, (column) => column.notNull())
        .addColumn("sent_through", count, (column) => column.notNull())
        .addColumn("failures", count, (column) => column.notNull())
        .addColumn("due_at", time, (column) => column.notNull())
        .addColumn("updated_at", time, (column) => column.notNull()),
    );
    // The newest of them is asked for often, and there are few in a long log, or none.
    await sql`create index audit_entries_prunes on audit_entries (seq) where action = 'audit.prune'`.execute(db);
  },
};
