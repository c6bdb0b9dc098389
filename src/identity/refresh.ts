/** Refresh tokens (RFC 9700, section 4.14): each is good once and yields the next of its family. One that comes again later than a short
 *  grace was stolen, from us or by us: the whole family ends, and the audit log says so.
 *
 *  Within the grace it is a client that sent its request twice, and both must get the same successor. So a successor is not random but an
 *  HMAC of its parent under a key of the yard: whoever holds the parent can be given it again, and nothing readable is ever stored.
 *
 *  An API may do without the grace: then one racer wins, and the other ends the family. */
import { createHmac } from "node:crypto";
import type { Kysely } from "kysely";
import type { Clock } from "../platform/clock.ts";
import { newSecret, sha256Hex } from "../platform/crypto/secrets.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import type { Changes } from "./changes.ts";
import type { Audit, Sessions } from "./identity.ts";
import { endSession, idleLimit, type SessionIssuer, type StoredSession } from "./sessions.ts";
import { badCredential } from "./tokens.ts";
import type { StoredUser } from "./user-rows.ts";

const prefix = "ryr_";
export const refreshGraceMs = 30_000;

export interface RefreshTokens {
  /** The first of a new family, stored. */
  start(db: Kysely<Schema>, session: StoredSession): Promise<string>;
  refresh: Sessions["refresh"];
  endFamily: Sessions["endFamily"];
}

export interface RefreshParts {
  database: Database;
  clock: Clock;
  sessions: SessionIssuer;
  changes: Changes;
  audit: Audit;
  /** 32 bytes */
  successorKey: Uint8Array;
}

type Outcome =
  | { readonly kind: "next"; readonly user: StoredUser; readonly session: StoredSession }
  | { readonly kind: "reused"; readonly user: StoredUser; readonly session: StoredSession }
  | { readonly kind: "refused" };

export function createRefreshTokens(parts: RefreshParts): RefreshTokens {
  const { database, clock, sessions, changes, audit, successorKey } = parts;

  function successorOf(token: string): string {
    return prefix + createHmac("sha256", successorKey).update(token).digest("base64url");
  }

  async function store(db: Kysely<Schema>, session: StoredSession, token: string): Promise<void> {
    const row = {
      session_id: session.id,
      created_at: clock.now(),
      expires_at: session.expires_at,
      used_at: null,
      replaced_by: null,
    };
    await db
      .insertInto("refresh_tokens")
      .values({ hash: sha256Hex(token), ...row })
      .execute();
  }

  /** A token, its session that goes on, and the active user of that. */
  async function find(db: Kysely<Schema>, hash: string, now: number) {
    const stored = await db.selectFrom("refresh_tokens").selectAll().where("hash", "=", hash).executeTakeFirst();
    const session =
      stored && (await db.selectFrom("sessions").selectAll().where("id", "=", stored.session_id).executeTakeFirst());
    const user =
      session && (await db.selectFrom("users").selectAll().where("id", "=", session.user_id).executeTakeFirst());
    const goesOn = session && session.revoked_at === null && session.expires_at > now && user?.state === "active";
    return goesOn ? { usedAt: stored.used_at, session, user } : undefined;
  }

  async function take(db: Kysely<Schema>, token: string, successor: string, graceMs: number): Promise<Outcome> {
    const now = clock.now();
    const hash = sha256Hex(token);
    const found = await find(db, hash, now);
    if (!found) return { kind: "refused" };
    const { usedAt, user, session } = found;
    if (usedAt === null) {
      const used = { used_at: now, replaced_by: sha256Hex(successor) };
      await db.updateTable("refresh_tokens").set(used).where("hash", "=", hash).execute();
      const prolonged = await prolong(db, session, now);
      await store(db, prolonged, successor);
      return { kind: "next", user, session: prolonged };
    }
    if (now - usedAt <= graceMs) return { kind: "next", user, session };
    await endSession(db, session.id, now);
    return { kind: "reused", user, session };
  }

  return {
    async start(db, session) {
      const token = prefix + newSecret();
      await store(db, session, token);
      return token;
    },

    async refresh(refreshToken, { isStrict = false, ...tokenOptions } = {}) {
      if (!hasForm(refreshToken)) throw badCredential();
      const successor = successorOf(refreshToken);
      const graceMs = isStrict ? Number.NEGATIVE_INFINITY : refreshGraceMs;
      // All transactions run as if one after the other, so of two racers one makes the successor and the other finds it.
      const outcome = await database.transaction((trx) => take(trx, refreshToken, successor, graceMs));
      if (outcome.kind === "refused") throw badCredential();
      const { user, session } = outcome;
      if (outcome.kind === "next")
        return { issued: await sessions.issue(user, session, tokenOptions), refreshToken: successor };
      await changes.sessionRevoked(session.id);
      const actor = { id: user.id, name: user.username };
      await audit.record({
        ...{ actor, api: session.api },
        ...{ action: "session.refresh-reused", target: session.id, outcome: "denied" },
      });
      throw reusedToken();
    },

    async endFamily(refreshToken) {
      if (!hasForm(refreshToken)) return undefined;
      const now = clock.now();
      const ended = await database.transaction(async (trx) => {
        const found = await find(trx, sha256Hex(refreshToken), now);
        return found && (await endSession(trx, found.session.id, now)) ? found : undefined;
      });
      if (!ended) return undefined;
      await changes.sessionRevoked(ended.session.id);
      return { userId: ended.user.id, username: ended.user.username, sessionId: ended.session.id };
    },
  };
}

function hasForm(refreshToken: string): boolean {
  return refreshToken.startsWith(prefix) && refreshToken.length <= 64;
}

/** Moves the end of a session that ends when idle. */
async function prolong(db: Kysely<Schema>, session: StoredSession, now: number): Promise<StoredSession> {
  if (session.idle_ms === null || session.ends_at === null) return session;
  const prolonged = { ...session, ...idleLimit(session.ends_at, session.idle_ms, now) };
  const { expires_at } = prolonged;
  await db.updateTable("sessions").set({ expires_at }).where("id", "=", session.id).execute();
  return prolonged;
}

/** Whoever comes second is told, thief or not: the other one can't go on either. */
function reusedToken(): YardError {
  return new YardError(
    "unauthenticated",
    "This refresh token was used before, so somebody else may have it: the session has ended. Log in again.",
  );
}
