import type { Migration } from "../migrate.ts";
import { createTools } from "./tools.ts";

/** Artifacts of tasks and attachments of teams: what there is, what is on its way, and what it takes of the teams' quotas. */
export const storedFiles: Migration = {
  name: "0010-stored-files",
  async up(db, dialect) {
    const { table, index, unique, text, time, flag, count } = createTools(db, dialect);
    await table("stored_files", (files) =>
      files
        .addColumn("id", text, (column) => column.primaryKey())
        .addColumn("team_id", text, (column) => column.notNull())
        .addColumn("kind", text, (column) => column.notNull())
        .addColumn("scope", text, (column) => column.notNull())
        .addColumn("name", text, (column) => column.notNull())
        .addColumn("size", count, (column) => column.notNull())
        .addColumn("blob_key", text, (column) => column.notNull())
        .addColumn("bytes", count)
        .addColumn("content_at", time, (column) => column.notNull())
        .addColumn("writable_until", time, (column) => column.notNull())
        .addColumn("charged_bytes", count, (column) => column.notNull())
        .addColumn("created_at", time, (column) => column.notNull())
        .addColumn("updated_at", time, (column) => column.notNull())
        .addUniqueConstraint("stored_files_kind_scope_name", ["kind", "scope", "name"] as never),
    );
    await unique("stored_files", "blob_key");
    await index("stored_files", "team_id", "id");
    await table("file_uploads", (uploads) =>
      uploads
        .addColumn("blob_key", text, (column) => column.primaryKey())
        .addColumn("file_id", text, (column) => column.notNull().references("stored_files.id").onDelete("cascade"))
        .addColumn("team_id", text, (column) => column.notNull())
        .addColumn("bytes", count, (column) => column.notNull())
        .addColumn("expires_at", time, (column) => column.notNull())
        .addColumn("has_lapsed", flag, (column) => column.notNull()),
    );
    await index("file_uploads", "file_id");
    await index("file_uploads", "has_lapsed", "expires_at");
    await index("file_uploads", "team_id", "expires_at");
    await table("doomed_blobs", (blobs) =>
      blobs
        .addColumn("blob_key", text, (column) => column.primaryKey())
        .addColumn("until", time, (column) => column.notNull())
        .addColumn("is_deleted", flag, (column) => column.notNull()),
    );
    await index("doomed_blobs", "is_deleted", "until");
    await table("team_usage", (usage) =>
      usage
        .addColumn("team_id", text, (column) => column.primaryKey())
        .addColumn("used_bytes", count, (column) => column.notNull())
        .addColumn("charged_bytes", count, (column) => column.notNull()),
    );
  },
};
