import type { Migration } from "../migrate.ts";
import { createTools, type Tools } from "./tools.ts";

/** Versioned file trees: where their objects lie, which team knows which, and the labels. */
export const snapshots: Migration = {
  name: "0003-snapshots",
  async up(db, dialect) {
    const tools = createTools(db, dialect);
    await createObjects(tools);
    await createRoots(tools);
    await createLabels(tools);
  },
};

async function createObjects({ table, index, text, time, count }: Tools): Promise<void> {
  await table("snapshot_packs", (packs) =>
    packs
      .addColumn("id", text, (column) => column.primaryKey())
      .addColumn("state", text, (column) => column.notNull())
      .addColumn("bytes", count, (column) => column.notNull())
      .addColumn("size", count, (column) => column.notNull())
      .addColumn("created_at", time, (column) => column.notNull()),
  );
  await table("snapshot_objects", (objects) =>
    objects
      .addColumn("id", text, (column) => column.primaryKey())
      .addColumn("pack_id", text, (column) => column.notNull().references("snapshot_packs.id"))
      .addColumn("position", count, (column) => column.notNull())
      .addColumn("bytes", count, (column) => column.notNull())
      .addColumn("size", count, (column) => column.notNull()),
  );
  await index("snapshot_objects", "pack_id");
}

/** Teams are no foreign keys here: also those own snapshots that are no rows of `teams`, as the one of open access. */
async function createRoots({ table, index, text, time, sequence }: Tools): Promise<void> {
  await table("snapshot_roots", (roots) =>
    roots
      .addColumn("seq", sequence)
      .addColumn("team_id", text, (column) => column.notNull())
      .addColumn("id", text, (column) => column.notNull())
      .addColumn("created_at", time, (column) => column.notNull())
      .addColumn("used_at", time, (column) => column.notNull())
      .addUniqueConstraint("snapshot_roots_team_id_id", ["team_id", "id"] as never),
  );
  await index("snapshot_roots", "used_at");
}

async function createLabels({ table, index, text, time, sequence }: Tools): Promise<void> {
  await table("snapshot_labels", (labels) =>
    labels
      .addColumn("team_id", text, (column) => column.notNull())
      .addColumn("name", text, (column) => column.notNull())
      .addColumn("head", text, (column) => column.notNull())
      .addColumn("updated_at", time, (column) => column.notNull())
      .addPrimaryKeyConstraint("snapshot_labels_primary", ["team_id", "name"] as never),
  );
  await table("snapshot_moves", (moves) =>
    moves
      .addColumn("seq", sequence)
      .addColumn("team_id", text, (column) => column.notNull())
      .addColumn("label", text, (column) => column.notNull())
      .addColumn("at", time, (column) => column.notNull())
      .addColumn("from_id", text)
      .addColumn("to_id", text, (column) => column.notNull())
      .addColumn("operation", text, (column) => column.notNull())
      .addColumn("message", text),
  );
  await index("snapshot_moves", "team_id", "label", "seq");
  await index("snapshot_moves", "team_id", "to_id");
  await index("snapshot_moves", "team_id", "from_id");
}
