/** Users: made, changed, locked and deleted. Whatever takes a right away acts at once, on every replica. */
import type { Kysely } from "kysely";
import type { Clock } from "../platform/clock.ts";
import { isUniqueViolation } from "../platform/db/constraints.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import { newId } from "../platform/ids.ts";
import { keepAnAdministrator } from "./administrators.ts";
import type { Changes } from "./changes.ts";
import type { Credentials } from "./credentials.ts";
import { requireMayActAs, requireMayGive, requireWithinReach } from "./grants.ts";
import type { NewUser, OnBehalf, SecretOptions, User, UserChanges, Users } from "./identity.ts";
import { addLink, takenLink } from "./links.ts";
import type { Lockout } from "./lockout.ts";
import { nameKey, requireDigest, requireUsername } from "./names.ts";
import { type PasswordRules, requirePassword } from "./password-rules.ts";
import { announceEnded, endSessionsOf } from "./sessions.ts";
import { addPersonalTeam, leaveAllTeams, setSharedTeams } from "./team-rows.ts";
import { profileColumns, requireFreeNames, requireProfile, setRoles } from "./user-profile.ts";
import { readUser, readUsers, requireRow, requireRowById, type StoredUser, searchByEmail } from "./user-rows.ts";
import { vouchedColumns } from "./vouched-emails.ts";

export interface UserParts {
  database: Database;
  clock: Clock;
  credentials: Credentials;
  lockout: Lockout;
  changes: Changes;
  /** What every new password must be. */
  passwordRules(): Promise<PasswordRules>;
}

export function createUsers(parts: UserParts): Users {
  const { database, clock, credentials, lockout, changes, passwordRules } = parts;
  const db = database.kysely;

  async function create(asked: NewUser, { by }: OnBehalf = {}): Promise<User> {
    const user = { ...asked, hostTags: asked.hostTags ?? by?.hostTags ?? [] };
    requireUsername(user.username);
    requireProfile(user);
    const now = clock.now();
    const id = newId("user", now);
    const verifiers = await verifiersOf(id, user);
    const named = {
      id,
      username: user.username,
      username_key: nameKey(user.username),
      created_at: now,
      updated_at: now,
    };
    const vouched = vouchedColumns(user.email, { by, isVerified: user.isEmailVerified });
    const row: StoredUser = { ...blankUser, ...profileColumns(user), ...vouched, ...verifiers, ...named };
    return database
      .transaction(async (trx) => {
        await requireMayGive(trx, by, user);
        await requireFreeNames(trx, row);
        await trx.insertInto("users").values(row).execute();
        await setRoles(trx, id, user.roles ?? []);
        await addPersonalTeam(trx, { ...row, displayName: user.personalTeam }, now);
        if (user.link) await addLink(trx, id, user.link, now);
        await setSharedTeams(trx, id, user.teams ?? [], now);
        return readUser(trx, row);
      })
      .catch(asConflict);
  }

  async function update(username: string, asked: UserChanges, { by }: OnBehalf = {}): Promise<User> {
    requireProfile(asked);
    const now = clock.now();
    const { user, ended } = await database
      .transaction(async (trx) => {
        const row = await requireRow(trx, username);
        await requireWithinReach(trx, by, row);
        await requireMayGive(trx, by, asked, await readUser(trx, row));
        const vouched = vouchedColumns(asked.email, { by, before: row.email_key });
        const updated = { ...row, ...profileColumns(asked), ...vouched, updated_at: now };
        await requireFreeNames(trx, updated);
        const expelled = asked.locked || asked.retired ? await expel(trx, row, now) : { columns: {}, ended: [] };
        await keepAnAdministrator(trx, async () => {
          await trx
            .updateTable("users")
            .set({ ...updated, ...expelled.columns })
            .where("id", "=", row.id)
            .execute();
          if (asked.roles) await setRoles(trx, row.id, asked.roles);
        });
        if (asked.teams) await setSharedTeams(trx, row.id, asked.teams, now);
        return { user: await readUser(trx, updated), ended: expelled.ended };
      })
      .catch(asConflict);
    await announceEnded(changes, user.id, ended);
    return user;
  }

  /** Ends what the user has open: its sessions and a login that waits for its second step. The columns are for the caller's own update,
   *  and what has ended for `announceEnded` after the commit. */
  async function expel(trx: Kysely<Schema>, row: StoredUser, now: number, keepSessionId?: string) {
    await trx.deleteFrom("login_challenges").where("user_id", "=", row.id).execute();
    // A kept session's tokens carry the epoch too, so it is raised only when none is kept.
    const token_epoch = row.token_epoch + (keepSessionId === undefined ? 1 : 0);
    return { columns: { token_epoch }, ended: await endSessionsOf(trx, row.id, now, { keep: keepSessionId }) };
  }

  /** What tells later whether a secret is right; none, as long as there is none. @throws {YardError} invalid, too_many */
  async function verifiersOf(userId: string, { password, digest }: Pick<NewUser, "password" | "digest">) {
    if (password !== undefined) {
      requirePassword(password, await passwordRules());
      return credentials.verifiersFor(userId, password);
    }
    if (digest === undefined) return noVerifiers;
    requireDigest(digest);
    return credentials.digestVerifierFor(userId, digest);
  }

  async function setSecret(
    username: string,
    secret: Pick<NewUser, "password" | "digest">,
    { keepSessionId, by }: SecretOptions = {},
  ): Promise<void> {
    const { id } = await requireRow(db, username);
    const verifiers = await verifiersOf(id, secret);
    const now = clock.now();
    const ended = await database.transaction(async (trx) => {
      const row = await requireRowById(trx, id);
      await requireMayActAs(trx, by, row);
      const { columns, ended } = await expel(trx, row, now, keepSessionId);
      await trx
        .updateTable("users")
        .set({ ...verifiers, ...columns, updated_at: now })
        .where("id", "=", id)
        .execute();
      return ended;
    });
    await announceEnded(changes, id, ended);
  }

  return {
    get: async (username) => readUser(db, await requireRow(db, username)),
    getById: async (id) => readUser(db, await requireRowById(db, id)),
    list: () => readUsers(db),
    searchByEmail: (prefix) => searchByEmail(db, prefix),
    create,
    update,

    async delete(username, { by } = {}) {
      const now = clock.now();
      const { row, ended } = await database.transaction(async (trx) => {
        const row = await requireRow(trx, username);
        await requireWithinReach(trx, by, row);
        const { columns, ended } = await expel(trx, row, now);
        await leaveAllTeams(trx, row.id, now);
        await trx.deleteFrom("api_keys").where("user_id", "=", row.id).execute();
        await trx.deleteFrom("user_links").where("user_id", "=", row.id).execute();
        await keepAnAdministrator(trx, () => setRoles(trx, row.id, []));
        // The row stays, so that the log can name its id, and so that apps it owned run on as the OS user that they run as.
        const { display_name, exec_user } = row;
        const left = { display_name, exec_user, state: "deleted", username_key: `deleted:${row.id}` } as const;
        await trx
          .updateTable("users")
          .set({ ...blankUser, ...left, ...columns, updated_at: now })
          .where("id", "=", row.id)
          .execute();
        return { row, ended };
      });
      await announceEnded(changes, row.id, ended);
      await lockout.forget(row.username_key);
    },

    lock: (username, options) => update(username, { locked: true }, options),

    async unlock(username, options) {
      const user = await update(username, { locked: false }, options);
      await lockout.forget(nameKey(user.username));
      return user;
    },

    setPassword: (username, password, options) => setSecret(username, { password }, options),
    setDigest: (username, digest, options) => setSecret(username, { digest }, options),

    async checkPassword(username, password) {
      await credentials.checkPassword({ username, password });
    },

    async checkDigest(username, digest) {
      await credentials.checkDigest({ username, digest });
    },
  };
}

const noVerifiers = { password_hash: null, digest_hash: null };
/** What a new user has unless it was given, and nothing of which a deleted one keeps. */
const blankUser = {
  ...{ email: null, email_key: null, display_name: "", exec_user: "", metadata: null },
  ...{ ...noVerifiers, totp_secret: null, totp_enabled: 0, totp_last_step: 0 },
  ...{ state: "active" as const, token_epoch: 0, is_retired: 0, team_quota: null, host_tags: null },
  vouched_email_key: null,
};

/** The look-up before an insert finds almost every clash; the unique index finds the one of two who came at the same moment. */
function asConflict(error: unknown): never {
  if (!isUniqueViolation(error)) throw error;
  if (isUniqueViolation(error, "user_links.subject")) throw takenLink(error);
  const field = isUniqueViolation(error, "users.email_key") ? "email" : "username";
  throw new YardError("conflict", `Another user has this ${field} since a moment ago. Choose another.`, {
    field,
    cause: error,
  });
}
