import type { Migration } from "../migrate.ts";
import { createTools } from "./tools.ts";

/** Where stacks run, how they got there, what they need, and who wrote their files. */
export const stacks: Migration = {
  name: "0016-stacks",
  async up(db, dialect) {
    const { table, index, text, time, count, flag, sequence } = createTools(db, dialect);
    await table("stacks", (stacks) =>
      stacks
        .addColumn("name", text, (column) => column.primaryKey())
        .addColumn("host_id", text, (column) => column.notNull())
        .addColumn("status", text, (column) => column.notNull())
        .addColumn("environment", text)
        .addColumn("deployed_at", time, (column) => column.notNull())
        .addColumn("updated_at", time, (column) => column.notNull()),
    );
    await table("stack_deployments", (deployments) =>
      deployments
        .addColumn("id", sequence)
        .addColumn("stack", text, (column) => column.notNull())
        .addColumn("host_id", text, (column) => column.notNull())
        .addColumn("state", text, (column) => column.notNull())
        .addColumn("compose", text, (column) => column.notNull())
        .addColumn("is_trusted", flag, (column) => column.notNull())
        .addColumn("services", text, (column) => column.notNull())
        .addColumn("note", text)
        .addColumn("error", text)
        .addColumn("user_id", text)
        .addColumn("user_name", text)
        .addColumn("started_at", time, (column) => column.notNull())
        .addColumn("ended_at", time),
    );
    await index("stack_deployments", "stack", "id");
    await table("stack_deployment_steps", (steps) =>
      steps
        .addColumn("deployment_id", count, (column) =>
          column.notNull().references("stack_deployments.id").onDelete("cascade"),
        )
        .addColumn("position", "integer", (column) => column.notNull())
        .addColumn("at", time, (column) => column.notNull())
        .addColumn("text", text, (column) => column.notNull())
        .addPrimaryKeyConstraint("stack_deployment_steps_primary", ["deployment_id", "position"] as never),
    );
    await table("stack_dependencies", (dependencies) =>
      dependencies
        .addColumn("stack", text, (column) => column.notNull())
        .addColumn("depends_on", text, (column) => column.notNull())
        .addPrimaryKeyConstraint("stack_dependencies_primary", ["stack", "depends_on"] as never),
    );
    await index("stack_dependencies", "depends_on");
    await table("stack_locks", (locks) =>
      locks
        .addColumn("stack", text, (column) => column.primaryKey())
        .addColumn("holder", text, (column) => column.notNull())
        .addColumn("until", time, (column) => column.notNull()),
    );
    // Contents that somebody without trust has written: noted before they are in their place, and forgotten when another is.
    await table("stack_writes", (writes) =>
      writes
        .addColumn("stack", text, (column) => column.notNull())
        .addColumn("file", text, (column) => column.notNull())
        .addColumn("sha256", text, (column) => column.notNull())
        .addPrimaryKeyConstraint("stack_writes_primary", ["stack", "file", "sha256"] as never),
    );
  },
};
