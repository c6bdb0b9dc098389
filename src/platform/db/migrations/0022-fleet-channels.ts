import type { Migration } from "../migrate.ts";
import { createTools } from "./tools.ts";

/** Channels of the fleet as a whole, and deliveries that wait for those before them. */
export const fleetChannels: Migration = {
  name: "0022-fleet-channels",
  async up(db, dialect) {
    const { table, unique, text, flag, sequence } = createTools(db, dialect);
    await table("fleet_channels", (channels) =>
      channels
        .addColumn("number", sequence)
        .addColumn("channel_id", text, (column) => column.notNull().references("channels.id").onDelete("cascade"))
        .addColumn("name", text, (column) => column.notNull())
        .addColumn("is_enabled", flag, (column) => column.notNull()),
    );
    await unique("fleet_channels", "channel_id");
    await db.schema.alterTable("deliveries").addColumn("subject", text).execute();
  },
};
