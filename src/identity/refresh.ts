/** Refresh tokens (RFC 9700, section 4.14): each is good once and yields the next of its family. One that comes again later than a short
 *  grace was stolen, from us or by us: the whole family ends, and the audit log says so.
 *
 *  Within the grace it is a client that sent its request twice, and both must get the same successor. So a successor is not random but an
 *  HMAC of its parent under a key of the yard: whoever holds the parent can be given it again, and nothing readable is ever stored. */
import { createHmac } from "node:crypto";
import type { Kysely } from "kysely";
import type { Clock } from "../platform/clock.ts";
import { newSecret, sha256Hex } from "../platform/crypto/secrets.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import type { Changes } from "./changes.ts";
import type { Audit, Sessions } from "./identity.ts";
import { endSession, type SessionIssuer, type StoredSession } from "./sessions.ts";
import { badCredential } from "./tokens.ts";
import type { StoredUser } from "./user-rows.ts";

const prefix = "ryr_";
export const refreshGraceMs = 30_000;

export interface RefreshTokens {
  /** The first of a new family, stored. */
  start(db: Kysely<Schema>, session: StoredSession): Promise<string>;
  refresh: Sessions["refresh"];
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

  async function take(db: Kysely<Schema>, token: string, successor: string): Promise<Outcome> {
    const now = clock.now();
    const hash = sha256Hex(token);
    const stored = await db.selectFrom("refresh_tokens").selectAll().where("hash", "=", hash).executeTakeFirst();
    if (!stored || stored.expires_at <= now) return { kind: "refused" };
    const session = await db.selectFrom("sessions").selectAll().where("id", "=", stored.session_id).executeTakeFirst();
    const user =
      session && (await db.selectFrom("users").selectAll().where("id", "=", session.user_id).executeTakeFirst());
    if (!session || session.revoked_at !== null || user?.state !== "active") return { kind: "refused" };
    if (stored.used_at === null) {
      await db
        .updateTable("refresh_tokens")
        .set({ used_at: now, replaced_by: sha256Hex(successor) })
        .where("hash", "=", hash)
        .execute();
      await store(db, session, successor);
      return { kind: "next", user, session };
    }
    if (now - stored.used_at <= refreshGraceMs) return { kind: "next", user, session };
    await endSession(db, session.id, now);
    return { kind: "reused", user, session };
  }

  return {
    async start(db, session) {
      const token = prefix + newSecret();
      await store(db, session, token);
      return token;
    },

    async refresh(refreshToken) {
      if (!refreshToken.startsWith(prefix) || refreshToken.length > 64) throw badCredential();
      const successor = successorOf(refreshToken);
      // All transactions run as if one after the other, so of two racers one makes the successor and the other finds it.
      const outcome = await database.transaction((trx) => take(trx, refreshToken, successor));
      if (outcome.kind === "next")
        return { issued: await sessions.issue(outcome.user, outcome.session), refreshToken: successor };
      if (outcome.kind === "reused") {
        const { user, session } = outcome;
        await changes.sessionRevoked(session.id);
        const actor = { id: user.id, name: user.username };
        await audit.record({
          actor,
          api: session.api,
          action: "session.refresh-reused",
          target: session.id,
          outcome: "denied",
        });
      }
      throw badCredential();
    },
  };
}
