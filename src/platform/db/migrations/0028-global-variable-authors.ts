import type { Migration } from "../migrate.ts";
import { createTools } from "./tools.ts";

/** Whether a variable of all stacks was set by somebody who may reach the hosts themselves. Nothing is known of those that are there: they stay as good as they were. */
export const globalVariableAuthors: Migration = {
  name: "0028-global-variable-authors",
  async up(db, dialect) {
    const { flag } = createTools(db, dialect);
    await db.schema
      .alterTable("global_variables")
      .addColumn("is_trusted", flag, (column) => column.notNull().defaultTo(1))
      .execute();
  },
};
