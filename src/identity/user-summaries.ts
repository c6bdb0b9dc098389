/** What other rooms need to know of users whose ids they keep: read together, however many they are. */
import type { Database } from "../platform/db/database.ts";

export interface UserSummary {
  /** Null for a user who was deleted. */
  readonly username: string | null;
  /** Names of all teams, the personal one included. */
  readonly teams: readonly string[];
  /** OS user that this user's processes run as; empty: the agent's own. */
  readonly execUser: string;
}

/** More ids than this are asked for in several queries: databases bound the number of values in one. */
const idsPerQuery = 500;

export interface UserSummaries {
  /** Those of the users that exist. Deleted ones have lost their name and teams; what they owned still runs as the same OS user. */
  describe(userIds: readonly string[]): Promise<ReadonlyMap<string, UserSummary>>;
}

export function createUserSummaries({ database }: { database: Database }): UserSummaries {
  async function read(userIds: readonly string[], into: Map<string, UserSummary & { teams: string[] }>): Promise<void> {
    const rows = await database.kysely
      .selectFrom("users")
      .leftJoin("team_members", "team_members.user_id", "users.id")
      .leftJoin("teams", "teams.id", "team_members.team_id")
      .select(["users.id", "users.username", "users.state", "users.exec_user", "teams.name as team"])
      .where("users.id", "in", userIds)
      .execute();
    for (const { id, state, exec_user: execUser, team, ...user } of rows) {
      const username = state === "deleted" ? null : user.username;
      const summary = into.get(id) ?? { username, execUser, teams: [] };
      if (team !== null) summary.teams.push(team);
      into.set(id, summary);
    }
  }

  return {
    async describe(userIds) {
      const found = new Map<string, UserSummary & { teams: string[] }>();
      const unique = [...new Set(userIds)];
      for (let start = 0; start < unique.length; start += idsPerQuery) {
        await read(unique.slice(start, start + idsPerQuery), found);
      }
      return found;
    },
  };
}
