import type { Migration } from "../migrate.ts";
import { createTools } from "./tools.ts";

/** Where teams are told what happens. */
export const channels: Migration = {
  name: "0014-channels",
  async up(db, dialect) {
    const { table, index, text, time, count } = createTools(db, dialect);
    await table("channels", (channels) =>
      channels
        .addColumn("id", text, (column) => column.primaryKey())
        .addColumn("team_id", text, (column) => column.notNull())
        .addColumn("name", text, (column) => column.notNull())
        .addColumn("provider", text, (column) => column.notNull())
        .addColumn("config", text, (column) => column.notNull())
        .addColumn("created_at", time, (column) => column.notNull())
        .addColumn("updated_at", time, (column) => column.notNull())
        .addColumn("delivered_at", time)
        .addColumn("last_error", text)
        .addColumn("last_error_at", time)
        .addUniqueConstraint("channels_name_unique", ["team_id", "name"] as never),
    );
    await table("channel_events", (events) =>
      events
        .addColumn("channel_id", text, (column) => column.notNull().references("channels.id").onDelete("cascade"))
        .addColumn("event", text, (column) => column.notNull())
        .addPrimaryKeyConstraint("channel_events_primary", ["channel_id", "event"] as never),
    );
    await table("deliveries", (deliveries) =>
      deliveries
        .addColumn("channel_id", text, (column) => column.notNull().references("channels.id").onDelete("cascade"))
        .addColumn("event_id", text, (column) => column.notNull())
        .addColumn("event", text, (column) => column.notNull())
        .addColumn("failures", count, (column) => column.notNull())
        .addColumn("due_at", time, (column) => column.notNull())
        .addColumn("created_at", time, (column) => column.notNull())
        .addPrimaryKeyConstraint("deliveries_primary", ["channel_id", "event_id"] as never),
    );
    await index("deliveries", "due_at");
    await index("deliveries", "channel_id", "due_at");
  },
};
