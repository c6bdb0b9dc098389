import type { Migration } from "../migrate.ts";
import { createTools } from "./tools.ts";

/** Hosts that still have files of stacks which there are no more. */
export const stackLeftovers: Migration = {
  name: "0032-stack-leftovers",
  async up(db, dialect) {
    const { table, text } = createTools(db, dialect);
    await table("stack_leftovers", (leftovers) =>
      leftovers
        .addColumn("stack", text, (column) => column.notNull())
        .addColumn("host_id", text, (column) => column.notNull())
        .addPrimaryKeyConstraint("stack_leftovers_key", ["stack", "host_id"]),
    );
  },
};
