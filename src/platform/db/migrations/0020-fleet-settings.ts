import type { Migration } from "../migrate.ts";
import { createTools } from "./tools.ts";

/** Variables that every stack knows, and the registries whose credentials images are fetched with. */
export const fleetSettings: Migration = {
  name: "0020-fleet-settings",
  async up(db, dialect) {
    const { table, unique, text, time, flag, sequence } = createTools(db, dialect);
    await table("global_variables", (variables) =>
      variables
        .addColumn("id", sequence)
        .addColumn("key", text, (column) => column.notNull())
        .addColumn("sealed_value", text, (column) => column.notNull())
        .addColumn("group_name", text, (column) => column.notNull())
        .addColumn("created_at", time, (column) => column.notNull())
        .addColumn("updated_at", time, (column) => column.notNull()),
    );
    await unique("global_variables", "key");
    await table("registries", (registries) =>
      registries
        .addColumn("id", sequence)
        .addColumn("name", text, (column) => column.notNull())
        .addColumn("url", text, (column) => column.notNull())
        .addColumn("username", text, (column) => column.notNull())
        .addColumn("sealed_password", text)
        .addColumn("host_tags", text)
        .addColumn("tested_at", time)
        .addColumn("is_test_passed", flag)
        .addColumn("test_error", text)
        .addColumn("created_at", time, (column) => column.notNull())
        .addColumn("updated_at", time, (column) => column.notNull()),
    );
    await unique("registries", "url");
  },
};
