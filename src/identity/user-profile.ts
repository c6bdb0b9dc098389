/** The fields of a user that its administrators set, as they are checked and stored. */
import type { Kysely, Selectable } from "kysely";
import type { Schema, UserRow } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import { formatHostTags, requireHostTags } from "./host-tags.ts";
import type { UserChanges } from "./identity.ts";
import { nameKey, requireAtMost, requireEmail, requireRoleName, requireTeamName, requireText } from "./names.ts";

type ProfileColumns = Pick<
  Selectable<UserRow>,
  "email" | "email_key" | "display_name" | "exec_user" | "metadata" | "state" | "is_retired" | "host_tags"
>;

const maxRoles = 64;
const maxTeams = 64;

/** @throws {YardError} invalid, with the field at fault */
export function requireProfile(profile: UserChanges): void {
  const { email, displayName = "", execUser = "", metadata, roles = [], teams = [], hostTags = [] } = profile;
  if (email) requireEmail(email);
  requireText(displayName, "displayName", 256);
  requireText(execUser, "execUser", 64);
  requireText(metadata ?? "", "metadata", 64 * 1_024);
  requireAtMost(roles, "roles", maxRoles);
  requireAtMost(teams, "teams", maxTeams);
  roles.forEach(requireRoleName);
  teams.forEach(requireTeamName);
  requireHostTags(hostTags);
}

/** The columns of the given fields alone; an empty e-mail address is none. */
export function profileColumns({
  email,
  displayName,
  execUser,
  metadata,
  locked,
  retired,
  hostTags,
}: UserChanges): Partial<ProfileColumns> {
  return {
    ...(email !== undefined && { email: email || null, email_key: email ? nameKey(email) : null }),
    ...(displayName !== undefined && { display_name: displayName }),
    ...(execUser !== undefined && { exec_user: execUser }),
    ...(metadata !== undefined && { metadata }),
    ...(hostTags !== undefined && { host_tags: formatHostTags(requireHostTags(hostTags)) }),
    ...(locked !== undefined && { state: locked ? "locked" : "active", is_retired: 0 }),
    ...(retired && { state: "locked", is_retired: 1 }),
  };
}

/** Names and e-mail addresses log in alike, so neither may be another user's name or address. @throws {YardError} conflict */
export async function requireFreeNames(
  trx: Kysely<Schema>,
  user: Pick<UserRow, "id" | "username_key" | "email_key">,
): Promise<void> {
  const keys = user.email_key === null ? [user.username_key] : [user.username_key, user.email_key];
  const other = await trx
    .selectFrom("users")
    .select(["username_key", "email_key"])
    .where("id", "!=", user.id)
    .where((is) => is.or([is("username_key", "in", keys), is("email_key", "in", keys)]))
    .executeTakeFirst();
  if (!other) return;
  const isName = other.username_key === user.username_key || other.email_key === user.username_key;
  const [field, key] = isName ? ["username", user.username_key] : ["email", user.email_key];
  throw new YardError("conflict", `Another user has the ${field} ${key} already. Choose another.`, { field });
}

/** Roles that do not exist (yet) are kept: they grant nothing. */
export async function setRoles(trx: Kysely<Schema>, userId: string, roles: readonly string[]): Promise<void> {
  await trx.deleteFrom("user_roles").where("user_id", "=", userId).execute();
  const rows = [...new Set(roles)].map((role_name) => ({ user_id: userId, role_name }));
  if (rows.length > 0) await trx.insertInto("user_roles").values(rows).execute();
}
