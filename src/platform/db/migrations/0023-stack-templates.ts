import type { Migration } from "../migrate.ts";
import { createTools } from "./tools.ts";

/** Compose files with places that are filled when they are deployed. */
export const stackTemplates: Migration = {
  name: "0023-stack-templates",
  async up(db, dialect) {
    const { table, unique, text, time, flag, sequence } = createTools(db, dialect);
    await table("stack_templates", (templates) =>
      templates
        .addColumn("id", sequence)
        .addColumn("slug", text, (column) => column.notNull())
        .addColumn("name", text, (column) => column.notNull())
        .addColumn("description", text, (column) => column.notNull())
        .addColumn("icon_url", text, (column) => column.notNull())
        .addColumn("compose", text, (column) => column.notNull())
        .addColumn("env", text, (column) => column.notNull())
        .addColumn("parameters", text, (column) => column.notNull())
        .addColumn("author", text, (column) => column.notNull())
        .addColumn("version", text, (column) => column.notNull())
        .addColumn("is_built_in", flag, (column) => column.notNull())
        .addColumn("is_trusted", flag, (column) => column.notNull())
        .addColumn("created_at", time, (column) => column.notNull())
        .addColumn("updated_at", time, (column) => column.notNull()),
    );
    await unique("stack_templates", "slug");
  },
};
