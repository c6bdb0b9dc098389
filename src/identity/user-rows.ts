/** Reading users: rows of the database as the `User` that APIs see. Never a verifier or a secret among it. */
import { type Kysely, type Selectable, sql } from "kysely";
import type { Schema, UserRow } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import { parseHostTags } from "./host-tags.ts";
import type { User } from "./identity.ts";
import { isName, nameKey } from "./names.ts";

export type StoredUser = Selectable<UserRow>;

/** More users than any list shows; the yard is made for teams. */
const maxListed = 10_000;

export function noSuchUser(name: string): YardError {
  return new YardError("not_found", `There is no user ${JSON.stringify(name.slice(0, 80))}.`, { field: "username" });
}

/** @throws {YardError} not_found */
export async function requireRow(db: Kysely<Schema>, username: string): Promise<StoredUser> {
  const found = db.selectFrom("users").selectAll().where("username_key", "=", nameKey(username));
  const row = isName(username) ? await found.executeTakeFirst() : undefined;
  if (!row) throw noSuchUser(username);
  return row;
}

/** @throws {YardError} not_found, also for a user who was deleted */
export async function requireRowById(db: Kysely<Schema>, id: string): Promise<StoredUser> {
  const row = await db
    .selectFrom("users")
    .selectAll()
    .where("id", "=", id)
    .where("state", "!=", "deleted")
    .executeTakeFirst();
  if (!row) throw noSuchUser(id);
  return row;
}

export async function readUser(db: Kysely<Schema>, row: StoredUser): Promise<User> {
  const roles = await rolesOf(db).where("user_id", "=", row.id).execute();
  const teams = await teamsOf(db).where("user_id", "=", row.id).execute();
  return toUser(row, roles, teams);
}

/** Everyone but the deleted, by name. */
export async function readUsers(db: Kysely<Schema>): Promise<readonly User[]> {
  const rows = await db
    .selectFrom("users")
    .selectAll()
    .where("state", "!=", "deleted")
    .orderBy("username_key")
    .limit(maxListed)
    .execute();
  const roles = Map.groupBy(await rolesOf(db).execute(), (row) => row.user_id);
  const teams = Map.groupBy(await teamsOf(db).execute(), (row) => row.user_id);
  return rows.map((row) => toUser(row, roles.get(row.id) ?? [], teams.get(row.id) ?? []));
}

const mostFound = 10;

export async function searchByEmail(db: Kysely<Schema>, prefix: string) {
  // No LIKE: SQLite's knows no case, and both give two characters a meaning.
  const beginning = sql<string>`substr(email_key, 1, ${sql.lit([...prefix].length)})`;
  const rows = await db
    .selectFrom("users")
    .select(["id", "email"])
    .where("email_key", "is not", null)
    .where(beginning, "=", prefix)
    .where("state", "!=", "deleted")
    .orderBy("email_key")
    .limit(mostFound)
    .execute();
  return rows.map(({ id, email }) => ({ id, email: email! }));
}

function rolesOf(db: Kysely<Schema>) {
  return db.selectFrom("user_roles").select(["user_id", "role_name"]).orderBy("role_name");
}

function teamsOf(db: Kysely<Schema>) {
  return db
    .selectFrom("team_members")
    .innerJoin("teams", "teams.id", "team_members.team_id")
    .select(["team_members.user_id", "teams.name", "teams.personal_of"])
    .orderBy("teams.name");
}

function toUser(
  row: StoredUser,
  roles: readonly { role_name: string }[],
  teams: readonly { name: string; personal_of: string | null }[],
): User {
  const personalFirst = [
    ...teams.filter((team) => team.personal_of === row.id),
    ...teams.filter((team) => team.personal_of !== row.id),
  ];
  return {
    id: row.id,
    username: row.username,
    email: row.email,
    displayName: row.display_name,
    state: row.state,
    isRetired: row.is_retired === 1,
    hasPassword: row.password_hash !== null || row.digest_hash !== null,
    totpEnabled: row.totp_enabled === 1,
    hasTotpSecret: row.totp_secret !== null,
    execUser: row.exec_user,
    metadata: row.metadata,
    roles: roles.map((role) => role.role_name),
    teams: personalFirst.map((team) => team.name),
    hostTags: parseHostTags(row.host_tags),
    createdAt: row.created_at,
  };
}
