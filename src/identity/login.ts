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
import type { TotpService } from "./totp.ts";
import type { StoredUser } from "./user-rows.ts";

const challengeMs = 180_000;

/** What a challenge remembers of its login. */
const PendingLogin = Type.Object({
  api: Type.String(),
  audience: Type.Optional(Type.String()),
  lifetimeMs: Type.Optional(Type.Number()),
  remoteAddress: Type.Optional(Type.String()),
  refresh: Type.Optional(Type.Boolean()),
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

export function createLogin(parts: LoginParts): Pick<Sessions, "login" | "completeTotp"> {
  const { database, clock, credentials, sessions, refreshTokens, totp, lifetimes, changes } = parts;
  const db = database.kysely;

  function check({ username, totpCode, ...secret }: LoginCredentials, source?: string): Promise<StoredUser> {
    const secondFactor = totpCode === undefined ? undefined : (user: StoredUser) => totp.accept(user, totpCode);
    return "password" in secret
      ? credentials.checkPassword({ username, source, password: secret.password }, secondFactor)
      : credentials.checkDigest({ username, source, digest: secret.digest }, secondFactor);
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
    return { issued: await sessions.issue(user, session, tokenMs), refreshToken };
  }

  async function challenge(user: StoredUser, options: IssueOptions): Promise<LoginResult> {
    sessions.draft(user, options); // refuses a bad lifetime now, not after the second step
    const secret = newSecret();
    const expiresAt = clock.now() + challengeMs;
    const { api, audience, lifetimeMs, remoteAddress, refresh } = options;
    const request = JSON.stringify({ api, audience, lifetimeMs, remoteAddress, refresh });
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
    username: string,
  ): Promise<{ user: StoredUser; options: IssueOptions } | undefined> {
    const pending = await db.selectFrom("login_challenges").selectAll().where("hash", "=", hash).executeTakeFirst();
    if (!pending || pending.expires_at <= clock.now()) return undefined;
    const user = await db.selectFrom("users").selectAll().where("id", "=", pending.user_id).executeTakeFirst();
    const isTheirs = user?.state === "active" && user.totp_enabled === 1 && isNamed(user, username);
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
      const user = await check(shown, options.remoteAddress);
      if (user.totp_enabled === 0 || shown.totpCode !== undefined)
        return { kind: "session", ...(await start(user, options)) };
      if (options.inOneStep)
        throw new YardError("forbidden", "This account asks for a code of its authenticator app with each login.", {
          field: "totpCode",
        });
      return challenge(user, options);
    },

    async completeTotp({ username, challenge: secret, code }, { lifetimeMs } = {}) {
      const hash = sha256Hex(secret);
      const pending = await findChallenge(hash, username);
      if (!pending) throw wrongCredentials();
      const { user, options } = pending;
      // Only a wrong code counts as a try: the challenge itself is 256 random bits that nobody guesses.
      await credentials.guard(user.username_key, options.remoteAddress, async () =>
        (await totp.accept(user, code)) ? user : undefined,
      );
      if (!(await useUp(hash))) throw wrongCredentials();
      const { issued, refreshToken } = await start(user, { ...options, lifetimeMs: lifetimeMs ?? options.lifetimeMs });
      return { ...issued, refreshToken };
    },
  };
}
