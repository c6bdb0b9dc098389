import type { Migration } from "../migrate.ts";
import { createTools } from "./tools.ts";

/** Capsules that are on their way to another host. */
export const capsuleMoves: Migration = {
  name: "0035-capsule-moves",
  async up(db, dialect) {
    const { table, text, time } = createTools(db, dialect);
    await table("capsule_moves", (moves) =>
      moves
        .addColumn("capsule_id", text, (column) => column.primaryKey())
        .addColumn("id", text, (column) => column.notNull())
        .addColumn("driver", text, (column) => column.notNull())
        .addColumn("from_host_id", text, (column) => column.notNull())
        .addColumn("to_host_id", text, (column) => column.notNull())
        .addColumn("phase", text, (column) => column.notNull())
        .addColumn("owner", text, (column) => column.notNull())
        .addColumn("image", text, (column) => column.notNull())
        .addColumn("begun_at", time, (column) => column.notNull()),
    );
  },
};
