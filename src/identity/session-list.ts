/** A user's sessions, as the user sees them. */
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { Sessions } from "./identity.ts";

const mostListed = 200;

export function createSessionList(parts: { database: Database; clock: Clock }): Sessions["ofUser"] {
  const { database, clock } = parts;
  return async (userId, { withEnded = false } = {}) => {
    let sessions = database.kysely.selectFrom("sessions").selectAll().where("user_id", "=", userId);
    if (!withEnded) sessions = sessions.where("revoked_at", "is", null).where("expires_at", ">", clock.now());
    const rows = await sessions.orderBy("created_at", "desc").orderBy("id", "desc").limit(mostListed).execute();
    return rows.map((row) => ({
      id: row.id,
      api: row.api,
      remoteAddress: row.remote_address,
      userAgent: row.user_agent,
      createdAt: row.created_at,
      expiresAt: row.ends_at ?? row.expires_at,
      revokedAt: row.revoked_at,
    }));
  };
}
