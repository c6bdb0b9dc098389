/** Users: made, changed, locked and deleted. Whatever takes a right away acts at once, on every replica. */
import type { Kysely, Updateable } from "kysely";
import type { Clock } from "../platform/clock.ts";
import { isUniqueViolation } from "../platform/db/constraints.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema, UserRow } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import { newId } from "../platform/ids.ts";
import { keepAnAdministrator } from "./administrators.ts";
import type { Changes } from "./changes.ts";
import type { Credentials } from "./credentials.ts";
import type { NewUser, User, Users } from "./identity.ts";
import type { Lockout } from "./lockout.ts";
import { nameKey, requirePassword, requireUsername } from "./names.ts";
import { announceEnded, endSessionsOf } from "./sessions.ts";
import { addPersonalTeam, leaveAllTeams, setSharedTeams } from "./team-rows.ts";
import { profileColumns, requireFreeNames, requireProfile, setRoles } from "./user-profile.ts";
import { readUser, readUsers, requireRow, requireRowById, type StoredUser } from "./user-rows.ts";

export interface UserParts {
  database: Database;
  clock: Clock;
  credentials: Credentials;
  lockout: Lockout;
  changes: Changes;
}

export function createUsers(parts: UserParts): Users {
  const { database, clock, credentials, lockout, changes } = parts;
  const db = database.kysely;

  async function create(user: NewUser): Promise<User> {
    requireUsername(user.username);
    requireProfile(user);
    if (user.password !== undefined) requirePassword(user.password);
    const now = clock.now();
    const id = newId("user", now);
    const verifiers = user.password === undefined ? noVerifiers : await credentials.verifiersFor(id, user.password);
    const named = {
      id,
      username: user.username,
      username_key: nameKey(user.username),
      created_at: now,
      updated_at: now,
    };
    const row: StoredUser = { ...blankUser, ...profileColumns(user), ...verifiers, ...named };
    return database
      .transaction(async (trx) => {
        await requireFreeNames(trx, row);
        await trx.insertInto("users").values(row).execute();
        await setRoles(trx, id, user.roles ?? []);
        await addPersonalTeam(trx, row, now);
        await setSharedTeams(trx, id, user.teams ?? [], now);
        return readUser(trx, row);
      })
      .catch(asConflict);
  }

  async function update(username: string, asked: Partial<Omit<NewUser, "username" | "password">>): Promise<User> {
    requireProfile(asked);
    const now = clock.now();
    const user = await database
      .transaction(async (trx) => {
        const row = await requireRow(trx, username);
        const updated = { ...row, ...profileColumns(asked), updated_at: now };
        await requireFreeNames(trx, updated);
        await trx.updateTable("users").set(updated).where("id", "=", row.id).execute();
        if (asked.roles) await keepAnAdministrator(trx, () => setRoles(trx, row.id, asked.roles ?? []));
        if (asked.teams) await setSharedTeams(trx, row.id, asked.teams, now);
        return readUser(trx, updated);
      })
      .catch(asConflict);
    await changes.userChanged(user.id);
    return user;
  }

  /** Changes the user and ends what it had open: its sessions and a login that waits for its second step. */
  async function expel(
    username: string,
    change: (trx: Kysely<Schema>, row: StoredUser) => Promise<Updateable<UserRow>>,
    { keepSessionId }: { keepSessionId?: string } = {},
  ): Promise<StoredUser> {
    const now = clock.now();
    const { row, ended } = await database.transaction(async (trx) => {
      const row = await requireRow(trx, username);
      // A kept session's tokens carry the epoch too, so it is raised only when none is kept.
      const token_epoch = row.token_epoch + (keepSessionId === undefined ? 1 : 0);
      const columns = { ...(await change(trx, row)), token_epoch, updated_at: now };
      await keepAnAdministrator(trx, () => trx.updateTable("users").set(columns).where("id", "=", row.id).execute());
      await trx.deleteFrom("login_challenges").where("user_id", "=", row.id).execute();
      return { row: { ...row, ...columns }, ended: await endSessionsOf(trx, row.id, now, keepSessionId) };
    });
    await announceEnded(changes, row.id, ended);
    return row;
  }

  return {
    get: async (username) => readUser(db, await requireRow(db, username)),
    getById: async (id) => readUser(db, await requireRowById(db, id)),
    list: () => readUsers(db),
    create,
    update,

    async delete(username) {
      const row = await expel(username, async (trx, user) => {
        await leaveAllTeams(trx, user.id);
        await trx.deleteFrom("api_keys").where("user_id", "=", user.id).execute();
        await keepAnAdministrator(trx, () => setRoles(trx, user.id, []));
        const { display_name } = user; // the row stays, so that the log can name its id
        return { ...blankUser, display_name, state: "deleted", username_key: `deleted:${user.id}` };
      });
      await lockout.forget(nameKey(row.username));
    },

    lock: async (username) => readUser(db, await expel(username, async () => ({ state: "locked" }))),

    async unlock(username) {
      const row = await requireRow(db, username);
      await db
        .updateTable("users")
        .set({ state: "active", updated_at: clock.now() })
        .where("id", "=", row.id)
        .where("state", "=", "locked")
        .execute();
      await lockout.forget(row.username_key);
      await changes.userChanged(row.id);
      return readUser(db, await requireRow(db, username));
    },

    async setPassword(username, password, options) {
      requirePassword(password);
      const { id } = await requireRow(db, username);
      const verifiers = await credentials.verifiersFor(id, password);
      await expel(username, async () => verifiers, options);
    },

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
  ...{ state: "active" as const, token_epoch: 0 },
};

/** The look-up before an insert finds almost every clash; the unique index finds the one of two who came at the same moment. */
function asConflict(error: unknown): never {
  if (!isUniqueViolation(error)) throw error;
  const field = isUniqueViolation(error, "users.email_key") ? "email" : "username";
  throw new YardError("conflict", `Another user has this ${field} since a moment ago. Choose another.`, {
    field,
    cause: error,
  });
}
