/** Passwords and their two verifiers: argon2id over the password, and over its hex MD5 for clients that only ever send that digest
 *  (Mitosis). Everything that tests a secret comes through `guard`: counted, locked out, one try per account at a time. */
import { createHash } from "node:crypto";
import type { Clock } from "../platform/clock.ts";
import type { LoginGate } from "../platform/crypto/login-gate.ts";
import type { PasswordHasher } from "../platform/crypto/passwords.ts";
import type { Database } from "../platform/db/database.ts";
import { YardError } from "../platform/errors.ts";
import type { Lockout } from "./lockout.ts";
import { nameKey, passwordLimits } from "./names.ts";
import type { StoredUser } from "./user-rows.ts";

export interface Verifiers {
  /** Null where nobody but the user has seen the password. */
  readonly password_hash: string | null;
  readonly digest_hash: string;
}

/** A second factor, tried once the first has held. */
export type SecondFactor = (user: StoredUser) => Promise<boolean>;

interface Who {
  /** A name or an e-mail address, as typed. */
  readonly username: string;
  /** Where the try comes from, an address: floods from one place must not starve others. */
  readonly source?: string;
  /** See `IssueOptions`. */
  readonly locksStrangers?: boolean;
}

export interface Credentials {
  /** Both verifiers of a new password. @throws {YardError} too_many */
  verifiersFor(userId: string, password: string): Promise<Verifiers>;
  /** The one verifier that can be made of a new password's MD5, in 32 hex digits. @throws {YardError} too_many */
  digestVerifierFor(userId: string, digest: string): Promise<Verifiers>;
  /** @throws {YardError} unauthenticated (wrong, unknown or locked by an administrator: one answer), locked, too_many; with `tellsLocked` forbidden,
   *  for a right one of a locked account */
  checkPassword(
    who: Who & { password: string; tellsLocked?: boolean },
    secondFactor?: SecondFactor,
  ): Promise<StoredUser>;
  /** @param who.digest the MD5 of the password in 32 hex digits @throws {YardError} as `checkPassword`; and forbidden, for a right one of an account
   *  that an administrator has locked: who knows it may be told */
  checkDigest(who: Who & { digest: string }, secondFactor?: SecondFactor): Promise<StoredUser>;
  /** Runs `test` as one counted try on the account: undefined means a wrong secret. `forgives` tells whether success clears the count.
   *  @throws {YardError} unauthenticated, locked, too_many */
  guard<T>(
    account: string,
    source: string | undefined,
    test: () => Promise<T | undefined>,
    forgives?: (result: T) => boolean,
  ): Promise<T>;
}

const maxNameLength = 254; // the longest e-mail address

export function wrongCredentials(): YardError {
  return new YardError("unauthenticated", "Name or password is wrong, or the account is locked.");
}

function lockedAccount(): YardError {
  return new YardError("forbidden", "This account is locked. An administrator can make it active again.");
}

export function createCredentials(parts: {
  database: Database;
  clock: Clock;
  gate: LoginGate;
  hasher: PasswordHasher;
  lockout: Lockout;
}): Credentials {
  const { database, clock, gate, hasher, lockout } = parts;
  const db = database.kysely;

  /** The user of a name or e-mail address; a name goes before another user's address. */
  async function find(username: string): Promise<StoredUser | undefined> {
    const key = typedKey(username);
    const rows = await db
      .selectFrom("users")
      .selectAll()
      .where((is) => is.or([is("username_key", "=", key), is("email_key", "=", key)]))
      .where("state", "!=", "deleted")
      .execute();
    return rows.find((row) => row.username_key === key) ?? rows[0];
  }

  /** The account that a try counts for: the user's, or the typed name where there is no such user. */
  async function accountOf(username: string): Promise<{ readonly account: string; readonly isStranger: boolean }> {
    const user = await find(username);
    return { account: user?.username_key ?? typedKey(username), isStranger: user === undefined };
  }

  async function guard<T>(
    account: string,
    source: string | undefined,
    test: () => Promise<T | undefined>,
    forgives: (result: T) => boolean = () => true,
  ): Promise<T> {
    return gate.run({ account, source }, async () => {
      const wrongTries = await lockout.refuseIfLocked(account);
      const result = await test();
      if (result === undefined) {
        await lockout.countFailure(account);
        throw wrongCredentials();
      }
      if (wrongTries > 0 && forgives(result)) await lockout.forget(account);
      return result;
    });
  }

  /** The same for a name that nobody has, and that is not to be locked. */
  async function uncounted<T>(
    account: string,
    source: string | undefined,
    test: () => Promise<T | undefined>,
  ): Promise<T> {
    const result = await gate.run({ account, source }, test);
    if (result === undefined) throw wrongCredentials();
    return result;
  }

  /** `holds` computes one hash whatever it has to compare with, so neither the answer nor its time tells whether the user exists. */
  async function check(
    who: Who,
    holds: (user: StoredUser | undefined) => Promise<StoredUser | undefined>,
    secondFactor: SecondFactor | undefined,
  ): Promise<StoredUser> {
    const test = async () => {
      const found = await find(who.username);
      const user = await holds(found);
      if (user?.state !== "active") return undefined;
      if (secondFactor && user.totp_enabled === 1 && !(await secondFactor(user))) return undefined;
      return user;
    };
    // A right password alone clears nothing while a second step is due: else whoever knows it could guess codes for ever.
    const isComplete = (user: StoredUser) => user.totp_enabled === 0 || secondFactor !== undefined;
    const { account, isStranger } = await accountOf(who.username);
    if (isStranger && who.locksStrangers === false) return uncounted(account, who.source, test);
    return guard(account, who.source, test, isComplete);
  }

  function passwordHolds(user: StoredUser | undefined, password: string): Promise<boolean> {
    if (password.length > passwordLimits.max) return hasher.verify("", null);
    const isKnownByDigestOnly = user?.password_hash === null && user.digest_hash !== null;
    if (isKnownByDigestOnly) return hasher.verify(hexDigest(password), user.digest_hash);
    return hasher.verify(password, user?.password_hash ?? null);
  }

  /** A login that shows the password is the moment to make the verifier that is missing, or that was made with older costs. */
  async function completeVerifiers(user: StoredUser, password: string): Promise<StoredUser> {
    const { password_hash, digest_hash } = user;
    const isCurrent = [password_hash, digest_hash].every((hash) => hash !== null && !hasher.isOutdated(hash));
    if (isCurrent) return user;
    const verifiers = await makeVerifiers(hasher, password);
    const { numUpdatedRows } = await db
      .updateTable("users")
      .set({ ...verifiers, updated_at: clock.now() })
      .where("id", "=", user.id)
      // Not over a password that was set while this one was being hashed.
      .where("password_hash", password_hash === null ? "is" : "=", password_hash)
      .where("digest_hash", digest_hash === null ? "is" : "=", digest_hash)
      .executeTakeFirstOrThrow();
    return numUpdatedRows > 0n ? { ...user, ...verifiers } : user;
  }

  return {
    guard,

    verifiersFor(userId, password) {
      return gate.run({ account: userId }, () => makeVerifiers(hasher, password));
    },

    digestVerifierFor(userId, digest) {
      return gate.run({ account: userId }, async () => ({
        password_hash: null,
        digest_hash: await hasher.hash(digest.toLowerCase()),
      }));
    },

    checkPassword(who, secondFactor) {
      const holds = async (user: StoredUser | undefined) => {
        if (!(await passwordHolds(user, who.password))) return undefined;
        if (user?.state === "locked" && who.tellsLocked) throw lockedAccount();
        return user?.state === "active" ? completeVerifiers(user, who.password) : undefined;
      };
      return check(who, holds, secondFactor);
    },

    checkDigest(who, secondFactor) {
      const digest = who.digest.slice(0, 32).toLowerCase();
      const holds = async (user: StoredUser | undefined) => {
        if (!(await hasher.verify(digest, user?.digest_hash ?? null))) return undefined;
        if (user?.state === "locked") throw lockedAccount();
        return user;
      };
      return check(who, holds, secondFactor);
    },
  };
}

/** Any text may be typed as a name: bounded, and without the NUL that PostgreSQL can't take. */
function typedKey(username: string): string {
  return nameKey(username.slice(0, maxNameLength)).replaceAll("\0", "\uFFFD");
}

/** Whether what was typed is the name or the e-mail address of this user. */
export function isNamed(user: StoredUser, username: string): boolean {
  const key = typedKey(username);
  return user.username_key === key || user.email_key === key;
}

async function makeVerifiers(hasher: PasswordHasher, password: string): Promise<Verifiers> {
  return { password_hash: await hasher.hash(password), digest_hash: await hasher.hash(hexDigest(password)) };
}

/** What Mitosis' clients send instead of the password. No security rests on MD5: the digest is hashed like a password. */
function hexDigest(password: string): string {
  return createHash("md5").update(password, "utf8").digest("hex");
}
