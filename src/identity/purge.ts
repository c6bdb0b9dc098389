/** Forgets what has expired, in bounded bites so that no bite holds the database for long. */
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { Lockout } from "./lockout.ts";

const batchRows = 500;
const maxBatches = 100;
/** An ended session is kept a little longer, so that reuse of its refresh tokens is still recognised rather than merely unknown. */
const keepRevokedMs = 24 * 3_600_000;

export function createPurge({
  database,
  clock,
  lockout,
  tickets,
}: {
  database: Database;
  clock: Clock;
  lockout: Lockout;
  tickets: { purge(limit: number): Promise<number> };
}): () => Promise<number> {
  const db = database.kysely;

  /** Refresh tokens go with their session (on delete cascade). */
  async function purgeSessions(): Promise<number> {
    const now = clock.now();
    const dead = db
      .selectFrom("sessions")
      .select("id")
      .where((is) => is.or([is("expires_at", "<=", now), is("revoked_at", "<=", now - keepRevokedMs)]))
      .limit(batchRows);
    const { numDeletedRows } = await db.deleteFrom("sessions").where("id", "in", dead).executeTakeFirstOrThrow();
    return Number(numDeletedRows);
  }

  async function purgeChallenges(): Promise<number> {
    const { numDeletedRows } = await db
      .deleteFrom("login_challenges")
      .where("expires_at", "<=", clock.now())
      .executeTakeFirstOrThrow();
    return Number(numDeletedRows); // one per user at most: no need for batches
  }

  return async () => {
    let purged = await purgeChallenges();
    for (const purgeBatch of [purgeSessions, () => tickets.purge(batchRows), () => lockout.purge(batchRows)]) {
      for (let batch = 0, rows = batchRows; rows === batchRows && batch < maxBatches; batch++) {
        rows = await purgeBatch();
        purged += rows;
      }
    }
    return purged;
  };
}
