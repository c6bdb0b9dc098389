import type { Migration } from "../migrate.ts";
import { createTools } from "./tools.ts";

/** Containers that are being put in other ones' places right now, or were when a yard died. */
export const containerExchanges: Migration = {
  name: "0027-container-exchanges",
  async up(db, dialect) {
    const { table, text, count, flag, time } = createTools(db, dialect);
    await table("container_exchanges", (exchanges) =>
      exchanges
        .addColumn("id", text, (column) => column.primaryKey())
        .addColumn("holder", text, (column) => column.notNull())
        .addColumn("host_id", text, (column) => column.notNull())
        .addColumn("container_name", text, (column) => column.notNull())
        .addColumn("old_container_id", text, (column) => column.notNull())
        .addColumn("new_container_id", text)
        .addColumn("was_running", flag, (column) => column.notNull())
        .addColumn("update_id", count, (column) =>
          column.notNull().references("container_updates.id").onDelete("cascade"),
        )
        .addColumn("is_rollback", flag, (column) => column.notNull())
        .addColumn("begun_at", time, (column) => column.notNull()),
    );
  },
};
