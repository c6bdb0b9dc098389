import type { Migration } from "../migrate.ts";
import { createTools, type Tools } from "./tools.ts";

/** Scripts: their executions, what these have printed, and the memories that they leave. */
export const executions: Migration = {
  name: "0004-executions",
  async up(db, dialect) {
    const tools = createTools(db, dialect);
    await createExecutions(tools);
    await createOutput(tools);
    await createHeaps(tools);
    await createSteps(tools);
  },
};

async function createExecutions({ table, index, text, time, count }: Tools): Promise<void> {
  await table("executions", (executions) =>
    executions
      .addColumn("id", text, (column) => column.primaryKey())
      .addColumn("team_id", text, (column) => column.notNull())
      .addColumn("status", text, (column) => column.notNull())
      .addColumn("created_at", time, (column) => column.notNull())
      .addColumn("ended_at", time)
      .addColumn("queued_ms", count)
      .addColumn("run_ms", count)
      .addColumn("error", text)
      .addColumn("result", text)
      .addColumn("lost", text)
      .addColumn("session", text)
      .addColumn("heap_in", text)
      .addColumn("heap_out", text)
      .addColumn("fs_out", text),
  );
  await index("executions", "team_id", "created_at");
  await index("executions", "ended_at");
  await index("executions", "heap_in");
  await index("executions", "heap_out");
}

async function createOutput({ table, text, flag, count, bytes }: Tools): Promise<void> {
  await table("execution_output", (output) =>
    output
      .addColumn("execution_id", text, (column) => column.notNull().references("executions.id").onDelete("cascade"))
      .addColumn("position", count, (column) => column.notNull())
      .addColumn("size", count, (column) => column.notNull())
      .addColumn("lines_before", count, (column) => column.notNull())
      .addColumn("lines", count, (column) => column.notNull())
      .addColumn("is_open", flag, (column) => column.notNull())
      .addColumn("bytes", bytes, (column) => column.notNull())
      .addPrimaryKeyConstraint("execution_output_primary", ["execution_id", "position"] as never),
  );
}

/** A heap is read from its own pack and from some of those before it: `heap_uses` names them all, so that no pack goes that a heap needs. */
async function createHeaps({ table, index, text, time, flag, count, sequence, bytes }: Tools): Promise<void> {
  await table("heap_packs", (packs) =>
    packs.addColumn("id", text, (column) => column.primaryKey()).addColumn("bytes", bytes),
  );
  await table("heap_blobs", (blobs) =>
    blobs
      .addColumn("pack_id", text, (column) => column.primaryKey())
      .addColumn("since", time, (column) => column.notNull())
      .addColumn("is_doomed", flag, (column) => column.notNull()),
  );
  await table("heaps", (heaps) =>
    heaps
      .addColumn("seq", sequence)
      .addColumn("team_id", text, (column) => column.notNull())
      .addColumn("id", text, (column) => column.notNull())
      .addColumn("pack_id", text, (column) => column.notNull().references("heap_packs.id"))
      .addColumn("created_at", time, (column) => column.notNull())
      .addColumn("used_at", time, (column) => column.notNull())
      .addUniqueConstraint("heaps_team_id_id", ["team_id", "id"] as never),
  );
  await index("heaps", "pack_id");
  await table("heap_uses", (uses) =>
    uses
      .addColumn("heap_seq", count, (column) => column.notNull().references("heaps.seq").onDelete("cascade"))
      .addColumn("pack_id", text, (column) => column.notNull().references("heap_packs.id"))
      .addPrimaryKeyConstraint("heap_uses_primary", ["heap_seq", "pack_id"] as never),
  );
  await index("heap_uses", "pack_id");
  await table("heap_tags", (tags) =>
    tags
      .addColumn("team_id", text, (column) => column.notNull())
      .addColumn("heap_id", text, (column) => column.notNull())
      .addColumn("key", text, (column) => column.notNull())
      .addColumn("value", text, (column) => column.notNull())
      .addPrimaryKeyConstraint("heap_tags_primary", ["team_id", "heap_id", "key"] as never)
      .addForeignKeyConstraint(
        "heap_tags_heap",
        ["team_id", "heap_id"] as never,
        "heaps",
        ["team_id", "id"],
        (constraint) => constraint.onDelete("cascade"),
      ),
  );
  await index("heap_tags", "team_id", "key", "value");
}

async function createSteps({ table, index, text, time, count, sequence }: Tools): Promise<void> {
  await table("script_steps", (steps) =>
    steps
      .addColumn("seq", sequence)
      .addColumn("team_id", text, (column) => column.notNull())
      .addColumn("session", text, (column) => column.notNull())
      .addColumn("execution_id", text, (column) => column.notNull())
      .addColumn("at", time, (column) => column.notNull())
      .addColumn("heap_in", text)
      .addColumn("heap_out", text)
      .addColumn("fs_out", text)
      .addColumn("source", text, (column) => column.notNull()),
  );
  await index("script_steps", "team_id", "session", "seq");
  await index("script_steps", "heap_in");
  await index("script_steps", "heap_out");
  await table("script_sessions", (sessions) =>
    sessions
      .addColumn("team_id", text, (column) => column.notNull())
      .addColumn("name", text, (column) => column.notNull())
      .addColumn("newest_step", count, (column) => column.notNull())
      .addColumn("used_at", time, (column) => column.notNull())
      .addPrimaryKeyConstraint("script_sessions_primary", ["team_id", "name"] as never),
  );
  await index("script_sessions", "used_at");
}
