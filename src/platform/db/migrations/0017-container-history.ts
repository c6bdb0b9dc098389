import type { Migration } from "../migrate.ts";
import { createTools } from "./tools.ts";

/** What containers were made of before their updates. */
export const containerHistory: Migration = {
  name: "0017-container-history",
  async up(db, dialect) {
    const { table, index, text, time, sequence } = createTools(db, dialect);
    await table("container_updates", (updates) =>
      updates
        .addColumn("id", sequence)
        .addColumn("host_id", text, (column) => column.notNull())
        .addColumn("container_name", text, (column) => column.notNull())
        .addColumn("image", text, (column) => column.notNull())
        .addColumn("old_image_id", text, (column) => column.notNull())
        .addColumn("new_image_id", text, (column) => column.notNull())
        .addColumn("kept_as", text, (column) => column.notNull())
        .addColumn("updated_at", time, (column) => column.notNull())
        .addColumn("rolled_back_at", time),
    );
    await index("container_updates", "host_id", "container_name", "id");
  },
};
