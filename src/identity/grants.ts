/** What those who manage users and roles may hand to others: never more than they hold themselves. Without these rules the right to make
 *  users, or to edit roles, would be every right there is: one would give it to oneself.
 *
 *  1. Roles and permissions that are given anew must grant nothing that the giver lacks. A role that does not exist grants nothing yet, but
 *     may once somebody makes it: only an administrator gives it in advance.
 *  2. A team lets in those whom a member brings, or who come with its first mention.
 *  3. The OS user of somebody's processes is the giver's own; the empty one, the agent's, is as good as any other for this rule.
 *  4. Administrators are out of reach of everybody else, and so are roles that make one.
 *  5. Whoever is held to some hosts, by tags, lets nobody reach others, and changes nobody who does: that would be the way to them.
 *  6. Nobody sets the password of a user who holds more: it would be the way to that.
 *
 *  Rules 1 to 4 and 6 are not for administrators, none is for the yard itself (no `by`). Everything is checked in the transaction that makes the change. */
import { type Kysely, sql } from "kysely";
import type { Schema } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import { isAdministrator } from "./administrators.ts";
import { isWithinTags, parseHostTags, requireHostTags } from "./host-tags.ts";
import type { NewUser, User } from "./identity.ts";
import { nameKey } from "./names.ts";
import { parsePermissions } from "./permission-lists.ts";
import { mayDo, type Principal } from "./principal.ts";
import type { StoredUser } from "./user-rows.ts";

/** Who makes a change; undefined is the yard itself. */
export type Giver = Principal | undefined;

type Rights = Pick<NewUser, "roles" | "teams" | "execUser" | "hostTags">;

/** Rules 1 to 3 and 5, for what `asked` gives beyond `held`: undefined for a user who is new. @throws {YardError} forbidden, with the field */
export async function requireMayGive(trx: Kysely<Schema>, by: Giver, asked: Rights, held?: User): Promise<void> {
  requireWithinTags(by, asked.hostTags ?? held?.hostTags ?? []);
  if (!by || by.isAdmin) return;
  const { roles = [], teams = [] } = asked;
  await requireMayGiveRoles(
    trx,
    by,
    roles.filter((role) => !held?.roles.includes(role)),
  );
  const joined = new Set(held?.teams.map(nameKey));
  await requireMayBringInto(
    trx,
    by,
    teams.filter((team) => !joined.has(nameKey(team))),
  );
  const execUser = asked.execUser ?? held?.execUser ?? "";
  if (execUser !== held?.execUser) await requireOwnExecUser(trx, by, execUser);
}

/** Rule 1, for a role's permissions, and rule 4. @param before of the role so far @throws {YardError} forbidden */
export function requireMayChangeRole(
  by: Giver,
  name: string,
  { before, after }: { before: readonly string[]; after: readonly string[] },
): void {
  if (!by || by.isAdmin) return;
  if (before.includes("*")) throw forbidden(by, `the role ${name} makes administrators: only they may change it`);
  const lacking = after.find((permission) => !before.includes(permission) && !mayDo(by, permission));
  if (lacking !== undefined)
    throw forbidden(by, `you can't put ${lacking} into a role: you don't hold it`, "permissions");
}

/** Rules 4 and 5, for a user who is to be changed. @throws {YardError} forbidden */
export async function requireWithinReach(
  trx: Kysely<Schema>,
  by: Giver,
  user: Pick<StoredUser, "id" | "username" | "host_tags">,
): Promise<void> {
  if (!by) return;
  if (!isWithinTags(parseHostTags(user.host_tags), by.hostTags ?? []))
    throw forbidden(by, `${user.username} reaches hosts that you don't`);
  if (by.isAdmin || !(await isAdministrator(trx, user.id))) return;
  throw forbidden(by, `${user.username} is an administrator: only another one may do this`);
}

/** Rules 4 to 6, for a user whose password is to be set. @throws {YardError} forbidden */
export async function requireMayActAs(trx: Kysely<Schema>, by: Giver, user: StoredUser): Promise<void> {
  await requireWithinReach(trx, by, user);
  if (!by || by.isAdmin || by.userId === user.id) return;
  const held = await trx
    .selectFrom("user_roles")
    .innerJoin("roles", "roles.name", "user_roles.role_name")
    .select("roles.permissions")
    .where("user_roles.user_id", "=", user.id)
    .execute();
  const lacking = held.flatMap((role) => parsePermissions(role.permissions)).find((one) => !mayDo(by, one));
  if (lacking !== undefined) throw forbidden(by, `${user.username} holds the permission ${lacking}, which you don't`);
}

/** Rule 5, for what a user is to have. @throws {YardError} forbidden */
function requireWithinTags(by: Giver, tags: readonly string[]): void {
  const own = by?.hostTags ?? [];
  if (!by || isWithinTags(requireHostTags(tags), own)) return;
  throw forbidden(
    by,
    `you are held to hosts with one of the tags ${own.join(", ")}: others need some of these, and no more`,
    "hostTags",
  );
}

async function requireMayGiveRoles(trx: Kysely<Schema>, by: Principal, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const rows = await trx.selectFrom("roles").selectAll().where("name", "in", names).execute();
  const known = new Map(rows.map((row) => [row.name, parsePermissions(row.permissions)]));
  for (const name of names) {
    const granted = known.get(name);
    if (!granted)
      throw forbidden(by, `there is no role ${name}: only an administrator may give it in advance`, "roles");
    const lacking = granted.find((permission) => !mayDo(by, permission));
    if (lacking !== undefined)
      throw forbidden(by, `you can't give the role ${name}: you don't hold its permission ${lacking}`, "roles");
  }
}

async function requireMayBringInto(trx: Kysely<Schema>, by: Principal, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const bringsInto = new Set([...by.teams].filter(([, role]) => role !== "viewer").map(([name]) => nameKey(name)));
  const existing = await trx
    .selectFrom("teams")
    .select("name")
    .where(sql<string>`lower(name)`, "in", names.map(nameKey))
    .where("personal_of", "is", null) // another's personal team lets in nobody at all
    .execute();
  const closed = existing.map((team) => team.name).find((name) => !bringsInto.has(nameKey(name)));
  if (closed !== undefined)
    throw forbidden(by, `you can't bring anybody into the team ${closed}: you are no member of it`, "teams");
}

async function requireOwnExecUser(trx: Kysely<Schema>, by: Principal, execUser: string): Promise<void> {
  const own = await trx.selectFrom("users").select("exec_user").where("id", "=", by.userId).executeTakeFirst();
  if (own?.exec_user === execUser) return;
  const mine = own?.exec_user ? `the OS user ${own.exec_user}` : "the agent's OS user";
  throw forbidden(by, `you can let a user's processes run as ${mine} alone, which yours run as`, "execUser");
}

function forbidden(by: Principal, reason: string, field?: string): YardError {
  return new YardError("forbidden", `${by.username}, ${reason}.`, { field });
}
