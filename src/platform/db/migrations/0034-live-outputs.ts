import type { Migration } from "../migrate.ts";
import { createTools } from "./tools.ts";

/** What running tasks print, of those at which somebody looks. */
export const liveOutputs: Migration = {
  name: "0034-live-outputs",
  async up(db, dialect) {
    const { table, text, time, count, bytes } = createTools(db, dialect);
    await table("live_outputs", (outputs) =>
      outputs
        .addColumn("task_uuid", text, (column) => column.primaryKey())
        .addColumn("worker_uuid", text, (column) => column.notNull())
        .addColumn("watched_until", time, (column) => column.notNull())
        .addColumn("stdout_at", count, (column) => column.notNull())
        .addColumn("stdout", bytes, (column) => column.notNull())
        .addColumn("stderr_at", count, (column) => column.notNull())
        .addColumn("stderr", bytes, (column) => column.notNull()),
    );
  },
};
