import type { Migration } from "../migrate.ts";
import { createTools } from "./tools.ts";

/** Labels of the host. */
export const labels: Migration = {
  name: "0002-labels",
  async up(db, dialect) {
    const { table, text, time } = createTools(db, dialect);
    await table("labels", (rows) =>
      rows
        .addColumn("name", text, (column) => column.primaryKey())
        .addColumn("value", text, (column) => column.notNull())
        .addColumn("updated_at", time, (column) => column.notNull()),
    );
  },
};
