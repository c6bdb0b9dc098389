import { type CreateTableBuilder, sql } from "kysely";
import type { Migration } from "../migrate.ts";
import { createTools, type Tools } from "./tools.ts";

/** Capsules, their templates, and what is measured of them. */
export const capsules: Migration = {
  name: "0012-capsules",
  async up(db, dialect) {
    const tools = createTools(db, dialect);
    await createCapsules(tools);
    // Those that are over stay for a while and are many; what is asked for all the time concerns the others.
    const alive = sql.raw("status not in ('stopped', 'error')");
    await sql`create index capsules_alive on capsules (team_id, id) where ${alive}`.execute(db);
    await sql`create index capsules_on_host on capsules (host_id) where ${alive}`.execute(db);
    await sql`create index capsules_idle on capsules (host_id, last_active_at) where status = 'running' and idle_timeout_seconds > 0`.execute(
      db,
    );
    await sql`create index capsules_over on capsules (updated_at) where status in ('stopped', 'error')`.execute(db);
    await createTemplates(tools);
    await createMeasures(tools);
  },
};

async function createCapsules({ table, text, time, count }: Tools): Promise<void> {
  await table("capsules", (capsules) =>
    capsules
      .addColumn("id", text, (column) => column.primaryKey())
      .addColumn("team_id", text, (column) => column.notNull())
      .addColumn("status", text, (column) => column.notNull())
      .addColumn("template", text, (column) => column.notNull())
      .addColumn("vcpus", count, (column) => column.notNull())
      .addColumn("memory_mb", count, (column) => column.notNull())
      .addColumn("disk_mb", count, (column) => column.notNull())
      .addColumn("idle_timeout_seconds", count, (column) => column.notNull())
      .addColumn("driver", text, (column) => column.notNull())
      .addColumn("host_id", text, (column) => column.notNull())
      .addColumn("keeps", text, (column) => column.notNull())
      .addColumn("created_at", time, (column) => column.notNull())
      .addColumn("updated_at", time, (column) => column.notNull())
      .addColumn("started_at", time)
      .addColumn("last_active_at", time)
      .addColumn("reason", text),
  );
}

async function createTemplates({ table, index, text, time, count }: Tools): Promise<void> {
  await table("capsule_templates", (templates) =>
    templates
      .addColumn("id", text, (column) => column.primaryKey())
      .addColumn("team_id", text, (column) => column.notNull())
      .addColumn("name", text, (column) => column.notNull())
      .addColumn("kind", text, (column) => column.notNull())
      .addColumn("driver", text, (column) => column.notNull())
      .addColumn("host_id", text, (column) => column.notNull())
      .addColumn("vcpus", count)
      .addColumn("memory_mb", count)
      .addColumn("size_bytes", count, (column) => column.notNull())
      .addColumn("created_at", time, (column) => column.notNull())
      .addUniqueConstraint("capsule_templates_team_id_name", ["team_id", "name"] as never),
  );
  await index("capsule_templates", "host_id");
}

async function createMeasures({ table, index, text, time, count, bytes }: Tools): Promise<void> {
  await table("capsule_metrics", (metrics) =>
    metrics
      .addColumn("capsule_id", text, (column) => column.primaryKey().references("capsules.id").onDelete("cascade"))
      .addColumn("points", bytes, (column) => column.notNull())
      .addColumn("saved_at", time, (column) => column.notNull()),
  );
  const withLoad = <Name extends string>(loads: CreateTableBuilder<Name, string>) =>
    loads
      .addColumn("running", count, (column) => column.notNull())
      .addColumn("vcpus", count, (column) => column.notNull())
      .addColumn("memory_mb", count, (column) => column.notNull())
      .addColumn("first_at", time, (column) => column.notNull())
      .addColumn("last_at", time, (column) => column.notNull());
  await table("capsule_loads", (loads) => withLoad(loads.addColumn("team_id", text, (column) => column.primaryKey())));
  await table("capsule_load_history", (loads) =>
    withLoad(loads.addColumn("team_id", text, (column) => column.notNull())).addPrimaryKeyConstraint(
      "capsule_load_history_primary",
      ["team_id", "first_at"] as never,
    ),
  );
  await index("capsule_load_history", "team_id", "last_at");
  await index("capsule_load_history", "last_at");
}
