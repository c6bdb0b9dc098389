import type { Migration } from "../migrate.ts";
import { createTools } from "./tools.ts";

/** Teams that are no more, as long as something of theirs may be left. */
export const removedTeams: Migration = {
  name: "0005-removed-teams",
  async up(db, dialect) {
    const { table, text, time } = createTools(db, dialect);
    await table("removed_teams", (teams) =>
      teams
        .addColumn("team_id", text, (column) => column.primaryKey())
        .addColumn("removed_at", time, (column) => column.notNull()),
    );
  },
};
