/** Sessions: what a login makes, a token names, and a logoff ends. They live in the database, so they outlive a restart and end on every
 *  replica at once. */
import type { Kysely, Selectable } from "kysely";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema, SessionRow } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import { newId } from "../platform/ids.ts";
import type { Changes } from "./changes.ts";
import type { IssuedToken, IssueOptions, RefreshLimits, Sessions } from "./identity.ts";
import type { Principal } from "./principal.ts";
import { badCredential, type Tokens } from "./tokens.ts";
import { readUser, type StoredUser } from "./user-rows.ts";

export interface Lifetimes {
  /** Of a token without a refresh family, unless the caller asks otherwise. */
  readonly tokenMs: number;
  /** Of a token that a refresh token can replace. */
  readonly refreshableTokenMs: number;
  /** Of a refresh family as a whole. */
  readonly refreshFamilyMs: number;
  /** The longest that a caller may ask for. */
  readonly maxMs: number;
}

const dayMs = 24 * 3_600_000;
export const defaultLifetimes: Lifetimes = {
  tokenMs: 7 * dayMs,
  refreshableTokenMs: 3_600_000,
  refreshFamilyMs: 30 * dayMs,
  maxMs: 366 * dayMs,
};

/** A session without refresh tokens outlives the token that is issued with it: without that, one that is issued a moment after the session was drafted would live for less time
 *  than was asked for. */
const issuingMs = 60_000;
const maxUserAgent = 512;

export type StoredSession = Selectable<SessionRow>;

type TokenOptions = Pick<IssueOptions, "lifetimeMs" | "describe">;

export interface SessionIssuer {
  /** A session that is not stored yet. @throws {YardError} invalid (lifetime) */
  draft(user: StoredUser, options: IssueOptions): StoredSession;
  /** A token of a stored session. */
  issue(user: StoredUser, session: StoredSession, options?: TokenOptions): Promise<IssuedToken>;
  /** @throws {YardError} unauthenticated */
  open(userId: string, options: IssueOptions): Promise<IssuedToken>;
  /** @throws {YardError} unauthenticated */
  renew(principal: Principal, options: IssueOptions): Promise<IssuedToken>;
  revoke: Sessions["revoke"];
  revokeAllOf(userId: string): Promise<void>;
}

export interface SessionParts {
  database: Database;
  clock: Clock;
  tokens: Tokens;
  changes: Changes;
  /** The audience of tokens that nobody narrows. */
  audience: string;
  lifetimes?: Lifetimes;
}

export function createSessions(parts: SessionParts): SessionIssuer {
  const { database, clock, tokens, changes, lifetimes = defaultLifetimes } = parts;
  const db = database.kysely;

  function requireLifetime(lifetimeMs: number): number {
    if (lifetimeMs > 0 && lifetimeMs <= lifetimes.maxMs) return lifetimeMs;
    const message = `A token can live for up to ${lifetimes.maxMs / dayMs} days, not for ${lifetimeMs} ms.`;
    throw new YardError("invalid", message, { field: "lifetimeMs" });
  }

  function draft(user: StoredUser, options: IssueOptions): StoredSession {
    const now = clock.now();
    const tokenMs = requireLifetime(options.lifetimeMs ?? lifetimes.tokenMs);
    const limits = limitsOf(options, lifetimes);
    const endsAt = wholeSecond(now + (limits?.lifetimeMs ?? tokenMs + issuingMs));
    return {
      id: newId("ses", now),
      user_id: user.id,
      audience: options.audience ?? parts.audience,
      api: options.api,
      remote_address: options.remoteAddress ?? null,
      user_agent: options.userAgent?.replaceAll("\0", "").slice(0, maxUserAgent) ?? null,
      created_at: now,
      ...idleLimit(endsAt, limits?.idleMs ?? null, now),
      revoked_at: null,
    };
  }

  async function issue(
    user: StoredUser,
    session: StoredSession,
    { lifetimeMs, describe }: TokenOptions = {},
  ): Promise<IssuedToken> {
    const account = await readUser(db, user);
    const details = await describe?.(account);
    const issuedAt = clock.now();
    const expiresAt = Math.min(
      session.expires_at,
      wholeSecond(issuedAt + requireLifetime(lifetimeMs ?? lifetimes.refreshableTokenMs)),
    );
    const { id: sessionId, audience } = session;
    const { id: userId, username, token_epoch: epoch } = user;
    const token = await tokens.sign({
      userId,
      username,
      sessionId,
      audience,
      epoch,
      roles: account.roles,
      issuedAt,
      expiresAt,
      ...details,
    });
    return { token, sessionId, issuedAt, expiresAt, audience, user: account, teamId: details?.teamId };
  }

  async function renew(principal: Principal, options: IssueOptions): Promise<IssuedToken> {
    const held = principal.credential;
    if (held.kind !== "token")
      throw new YardError("precondition", "An API key has no session to renew. Make a new key instead.");
    const { user, session } = await database.transaction(async (trx) => {
      const user = await trx.selectFrom("users").selectAll().where("id", "=", principal.userId).executeTakeFirst();
      if (user?.state !== "active" || !(await endSession(trx, held.sessionId, clock.now()))) throw badCredential();
      const session = draft(user, { ...options, audience: options.audience ?? held.audience });
      await trx.insertInto("sessions").values(session).execute();
      return { user, session };
    });
    await changes.sessionRevoked(held.sessionId);
    return issue(user, session, { ...options, lifetimeMs: options.lifetimeMs ?? lifetimes.tokenMs });
  }

  async function open(userId: string, options: IssueOptions): Promise<IssuedToken> {
    const user = await db.selectFrom("users").selectAll().where("id", "=", userId).executeTakeFirst();
    if (user?.state !== "active") throw badCredential();
    const session = draft(user, options);
    // First the token, which is worth nothing yet: whoever describes it may refuse. A lock that comes now ends it by its epoch.
    const issued = await issue(user, session, { ...options, lifetimeMs: options.lifetimeMs ?? lifetimes.tokenMs });
    await db.insertInto("sessions").values(session).execute();
    return issued;
  }

  return {
    draft,
    issue,
    open,
    renew,

    async revoke(sessionId, { ofUser } = {}) {
      const hasEnded = await endSession(db, sessionId, clock.now(), ofUser);
      if (!hasEnded && ofUser !== undefined)
        throw new YardError(
          "not_found",
          `${JSON.stringify(sessionId.slice(0, 80))} is no session of yours that goes on.`,
        );
      await changes.sessionRevoked(sessionId);
    },

    async revokeAllOf(userId) {
      const ended = await database.transaction(async (trx) => {
        // The epoch ends also what is being made at this moment: a login whose password was checked just before.
        await trx
          .updateTable("users")
          .set((user) => ({ token_epoch: user("token_epoch", "+", 1) }))
          .where("id", "=", userId)
          .execute();
        return endSessionsOf(trx, userId, clock.now());
      });
      await announceEnded(changes, userId, ended);
    },
  };
}

/** When a session ends unless it is refreshed before. @param endsAt the latest */
export function idleLimit(
  endsAt: number,
  idleMs: number | null,
  now: number,
): Pick<StoredSession, "expires_at" | "idle_ms" | "ends_at"> {
  if (idleMs === null) return { expires_at: endsAt, idle_ms: null, ends_at: null };
  return { expires_at: Math.min(endsAt, wholeSecond(now + idleMs)), idle_ms: idleMs, ends_at: endsAt };
}

function limitsOf({ refresh }: IssueOptions, lifetimes: Lifetimes): RefreshLimits | undefined {
  if (!refresh) return undefined;
  return refresh === true ? { lifetimeMs: lifetimes.refreshFamilyMs } : refresh;
}

/** @returns whether this call ended it: of two that try at once only one does */
export async function endSession(
  db: Kysely<Schema>,
  sessionId: string,
  now: number,
  ofUser?: string,
): Promise<boolean> {
  let session = db
    .updateTable("sessions")
    .set({ revoked_at: now })
    .where("id", "=", sessionId)
    .where("revoked_at", "is", null);
  if (ofUser !== undefined) session = session.where("user_id", "=", ofUser).where("expires_at", ">", now);
  const { numUpdatedRows } = await session.executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/** Ends all but `keep`, or those of the logins through one API. @returns the sessions that ended; tell `announceEnded` of them once the
 *  transaction is committed */
export async function endSessionsOf(
  db: Kysely<Schema>,
  userId: string,
  now: number,
  { keep = "", api }: { readonly keep?: string; readonly api?: string } = {},
): Promise<readonly string[]> {
  let sessions = db
    .updateTable("sessions")
    .set({ revoked_at: now })
    .where("user_id", "=", userId)
    .where("revoked_at", "is", null)
    .where("id", "!=", keep);
  if (api !== undefined) sessions = sessions.where("api", "=", api);
  const ended = await sessions.returning("id").execute();
  return ended.map((session) => session.id);
}

export async function announceEnded(changes: Changes, userId: string, sessionIds: readonly string[]): Promise<void> {
  await changes.userChanged(userId);
  for (const sessionId of sessionIds) await changes.sessionRevoked(sessionId); // whoever streams to one of them ends that
}

/** Tokens count in whole seconds: rounded up, so that none ends sooner than promised. */
function wholeSecond(timeMs: number): number {
  return Math.ceil(timeMs / 1_000) * 1_000;
}
