/** Logging in: a password, and a TOTP code where the user has that on. A login without the code gets a challenge: one per user, replaced
 *  at each login, good once. */
import { Type } from "typebox";
import { Value } from "typebox/value";
import type { Clock } from "../platform/clock.ts";
import { newSecret, sha256Hex } from "../platform/crypto/secrets.ts";
import type { Database } from "../platform/db/database.ts";
import { YardError } from "../platform/errors.ts";
import type { Changes } from "./changes.ts";
import { type Credentials, isNamed, wrongCredentials } from "./credentials.ts";
import type { IssuedToken, IssueOptions, LoginCredentials, LoginResult, Sessions } from "./identity.ts";
import type { RefreshTokens } from "./refresh.ts";
import { endSessionsOf, type Lifetimes, type SessionIssuer } from "./sessions.ts";
import { badCredential } from "./tokens.ts";
import type { TotpService } from "./totp.ts";
import type { StoredUser } from "./user-rows.ts";

const usualChallengeMs = 180_000;

/** What a challenge remembers of its login. */
const PendingLogin = Type.Object({
  api: Type.String(),
  audience: Type.Optional(Type.String()),
  lifetimeMs: Type.Optional(Type.Number()),
  remoteAddress: Type.Optional(Type.String()),
  userAgent: Type.Optional(Type.String()),
  refresh: Type.Optional(
    Type.Union([Type.Boolean(), Type.Object({ lifetimeMs: Type.Number(), idleMs: Type.Optional(Type.Number()) })]),
  ),
});

export interface LoginParts {
  database: Database;
  clock: Clock;
  credentials: Credentials;
  sessions: SessionIssuer;
  refreshTokens: RefreshTokens;
  totp: TotpService;
  lifetimes: Lifetimes;
  changes: Changes;
}

export function createLogin(parts: LoginParts): Pick<Sessions, "login" | "completeTotp" | "open"> {
  const { database, clock, credentials, sessions, refreshTokens, totp, lifetimes, changes } = parts;
  const db = database.kysely;

  function check(
    { username, totpCode, ...secret }: LoginCredentials,
    { remoteAddress: source, tellsLocked, locksStrangers }: IssueOptions,
  ): Promise<StoredUser> {
    const secondFactor = totpCode === undefined ? undefined : (user: StoredUser) => totp.accept(user, totpCode);
    const who = { username, source, locksStrangers };
    return "password" in secret
      ? credentials.checkPassword({ ...who, tellsLocked, password: secret.password }, secondFactor)
      : credentials.checkDigest({ ...who, digest: secret.digest }, secondFactor);
  }

  async function start(
    user: StoredUser,
    options: IssueOptions,
  ): Promise<{ issued: IssuedToken; refreshToken?: string }> {
    const session = sessions.draft(user, options);
    const { refreshToken, ended } = await database.transaction(async (trx) => {
      // A password change, a lock or a logoff everywhere that came after the password was checked must end this login too.
      const now = await trx.selectFrom("users").selectAll().where("id", "=", user.id).executeTakeFirst();
      const isSame =
        now?.state === "active" &&
        now.token_epoch === user.token_epoch &&
        now.password_hash === user.password_hash &&
        now.digest_hash === user.digest_hash;
      if (!isSame) throw wrongCredentials();
      await trx.insertInto("sessions").values(session).execute();
      const others = { keep: session.id, api: session.api };
      return {
        ended: options.endsOthers ? await endSessionsOf(trx, user.id, clock.now(), others) : [],
        refreshToken: options.refresh ? await refreshTokens.start(trx, session) : undefined,
      };
    });
    for (const sessionId of ended) await changes.sessionRevoked(sessionId);
    const tokenMs = options.lifetimeMs ?? (options.refresh ? lifetimes.refreshableTokenMs : lifetimes.tokenMs);
    return { issued: await sessions.issue(user, session, { ...options, lifetimeMs: tokenMs }), refreshToken };
  }

  async function challenge(user: StoredUser, options: IssueOptions): Promise<LoginResult> {
    sessions.draft(user, options); // refuses a bad lifetime now, not after the second step
    const secret = newSecret();
    const { api, audience, lifetimeMs, remoteAddress, userAgent, refresh, challengeMs = usualChallengeMs } = options;
    const expiresAt = clock.now() + challengeMs;
    const request = JSON.stringify({ api, audience, lifetimeMs, remoteAddress, userAgent, refresh });
    await database.transaction(async (trx) => {
      await trx.deleteFrom("login_challenges").where("user_id", "=", user.id).execute();
      await trx
        .insertInto("login_challenges")
        .values({ hash: sha256Hex(secret), user_id: user.id, request, expires_at: expiresAt })
        .execute();
    });
    return { kind: "totp", challenge: secret, expiresAt };
  }

  /** The user and the login of a challenge that is still good. */
  async function findChallenge(
    hash: string,
    username: string | undefined,
  ): Promise<{ user: StoredUser; options: IssueOptions } | undefined> {
    const pending = await db.selectFrom("login_challenges").selectAll().where("hash", "=", hash).executeTakeFirst();
    if (!pending || pending.expires_at <= clock.now()) return undefined;
    const user = await db.selectFrom("users").selectAll().where("id", "=", pending.user_id).executeTakeFirst();
    const isGood = user?.state === "active" && user.totp_enabled === 1;
    const isTheirs = isGood && (username === undefined || isNamed(user, username));
    return isTheirs ? { user, options: Value.Parse(PendingLogin, JSON.parse(pending.request)) } : undefined;
  }

  /** @returns whether this call used it up: of two that try at once only one does */
  async function useUp(hash: string): Promise<boolean> {
    const { numDeletedRows } = await db
      .deleteFrom("login_challenges")
      .where("hash", "=", hash)
      .executeTakeFirstOrThrow();
    return numDeletedRows > 0n;
  }

  return {
    async login(shown, options) {
      const user = await check(shown, options);
      if (user.totp_enabled === 0 || shown.totpCode !== undefined)
        return { kind: "session", ...(await start(user, options)) };
      if (options.inOneStep)
        throw new YardError("forbidden", "This account asks for a code of its authenticator app with each login.", {
          field: "totpCode",
        });
      return challenge(user, options);
    },

    async completeTotp({ username, challenge: secret, code }, { lifetimeMs, describe } = {}) {
      const hash = sha256Hex(secret);
      const pending = await findChallenge(hash, username);
      if (!pending) throw wrongCredentials();
      const { user, options } = pending;
      // Only a wrong code counts as a try: the challenge itself is 256 random bits that nobody guesses.
      await credentials.guard(user.username_key, options.remoteAddress, async () =>
        (await totp.accept(user, code)) ? user : undefined,
      );
      if (!(await useUp(hash))) throw wrongCredentials();
      const chosen = { ...options, describe, lifetimeMs: lifetimeMs ?? options.lifetimeMs };
      const { issued, refreshToken } = await start(user, chosen);
      return { ...issued, refreshToken };
    },

    async open(userId, options) {
      if (!options.refresh) return sessions.open(userId, options);
      const user = await db.selectFrom("users").selectAll().where("id", "=", userId).executeTakeFirst();
      if (user?.state !== "active") throw badCredential();
      const { issued, refreshToken } = await start(user, options);
      return { ...issued, refreshToken };
    },
  };
}
