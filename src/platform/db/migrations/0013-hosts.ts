import type { Migration } from "../migrate.ts";
import { createTools } from "./tools.ts";

/** The machines of the yard, and by what their agents show who they are. */
export const hosts: Migration = {
  name: "0013-hosts",
  async up(db, dialect) {
    const { table, index, text, time, count, flag } = createTools(db, dialect);
    await table("hosts", (hosts) =>
      hosts
        .addColumn("id", text, (column) => column.primaryKey())
        .addColumn("name", text, (column) => column.notNull())
        .addColumn("kind", text, (column) => column.notNull())
        .addColumn("team_id", text)
        .addColumn("provider", text)
        .addColumn("zone", text)
        .addColumn("arch", text)
        .addColumn("cpu_cores", count)
        .addColumn("memory_mb", count)
        .addColumn("disk_mb", count)
        .addColumn("address", text)
        .addColumn("status", text, (column) => column.notNull())
        .addColumn("heartbeat_at", time)
        .addColumn("is_local", flag, (column) => column.notNull())
        .addColumn("token_epoch", count, (column) => column.notNull())
        .addColumn("yard_id", text)
        .addColumn("link", count, (column) => column.notNull())
        .addColumn("created_by", text)
        .addColumn("created_at", time, (column) => column.notNull())
        .addColumn("updated_at", time, (column) => column.notNull()),
    );
    await index("hosts", "team_id");
    await table("host_tags", (tags) =>
      tags
        .addColumn("host_id", text, (column) => column.notNull().references("hosts.id").onDelete("cascade"))
        .addColumn("tag", text, (column) => column.notNull())
        .addPrimaryKeyConstraint("host_tags_primary", ["host_id", "tag"] as never),
    );
    await table("host_registrations", (registrations) =>
      registrations
        .addColumn("hash", text, (column) => column.primaryKey())
        .addColumn("host_id", text, (column) => column.notNull().references("hosts.id").onDelete("cascade"))
        .addColumn("created_at", time, (column) => column.notNull())
        .addColumn("expires_at", time, (column) => column.notNull()),
    );
    await index("host_registrations", "host_id");
    await table("host_refresh_tokens", (tokens) =>
      tokens
        .addColumn("hash", text, (column) => column.primaryKey())
        .addColumn("host_id", text, (column) => column.notNull().references("hosts.id").onDelete("cascade"))
        .addColumn("created_at", time, (column) => column.notNull())
        .addColumn("expires_at", time, (column) => column.notNull())
        .addColumn("used_at", time)
        .addColumn("use_hash", text),
    );
    await index("host_refresh_tokens", "host_id");
  },
};
