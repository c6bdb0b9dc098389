import type { Migration } from "../migrate.ts";
import { createTools } from "./tools.ts";

/** What scripts import from elsewhere, as it was fetched. */
export const scriptModules: Migration = {
  name: "0006-script-modules",
  async up(db, dialect) {
    const { table, index, text, time, count, flag } = createTools(db, dialect);
    await table("script_modules", (modules) =>
      modules
        .addColumn("url_sha256", text, (column) => column.notNull())
        .addColumn("sha256", text, (column) => column.notNull())
        .addColumn("found_at", text, (column) => column.notNull())
        .addColumn("is_json", flag, (column) => column.notNull())
        .addColumn("bytes", count, (column) => column.notNull())
        .addColumn("fetched_at", time, (column) => column.notNull())
        .addColumn("used_at", time, (column) => column.notNull())
        .addPrimaryKeyConstraint("script_modules_key", ["url_sha256", "sha256"]),
    );
    await index("script_modules", "sha256");
    await index("script_modules", "used_at");
    await index("script_modules", "fetched_at");
  },
};
