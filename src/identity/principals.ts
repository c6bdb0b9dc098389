/** Makes the Principal of a credential from what is stored at this moment: state of the user, roles, teams. */
import type { Kysely } from "kysely";
import type { Schema } from "../platform/db/schema.ts";
import { parseHostTags } from "./host-tags.ts";
import { parsePermissions } from "./permission-lists.ts";
import { permissions as allPermissions } from "./permissions.ts";
import type { Principal } from "./principal.ts";

interface Holder {
  readonly id: string;
  readonly username: string;
  readonly host_tags: string | null;
}

/** @param limits lists of an API key: each narrows what the roles grant, and none widens it */
export async function loadPrincipal(
  db: Kysely<Schema>,
  holder: Holder,
  credential: Principal["credential"],
  limits: readonly (readonly string[])[] = [],
): Promise<Principal> {
  const roles = await db
    .selectFrom("user_roles")
    .leftJoin("roles", "roles.name", "user_roles.role_name")
    .select(["user_roles.role_name", "roles.permissions"])
    .where("user_roles.user_id", "=", holder.id)
    .orderBy("user_roles.role_name")
    .execute();
  const memberships = await db
    .selectFrom("team_members")
    .innerJoin("teams", "teams.id", "team_members.team_id")
    .select(["teams.name", "team_members.role"])
    .where("team_members.user_id", "=", holder.id)
    .execute();
  const granted = roles.flatMap((role) => (role.permissions === null ? [] : parsePermissions(role.permissions)));
  return {
    userId: holder.id,
    username: holder.username,
    teams: new Map(memberships.map((membership) => [membership.name, membership.role])),
    roles: roles.map((role) => role.role_name),
    hostTags: parseHostTags(holder.host_tags),
    ...narrow(granted, limits),
    credential,
  };
}

/** `*` stands for every permission, also for names that only an API knows. */
export function narrow(
  granted: readonly string[],
  limits: readonly (readonly string[])[],
): { permissions: ReadonlySet<string>; isAdmin: boolean } {
  const held = limits.reduce(common, granted);
  const isAdmin = held.includes("*");
  const named = held.filter((permission) => permission !== "*");
  return { permissions: new Set(isAdmin ? [...allPermissions, ...named] : named), isAdmin };
}

function common(granted: readonly string[], atMost: readonly string[]): readonly string[] {
  if (atMost.includes("*")) return granted;
  return granted.includes("*") ? atMost : atMost.filter((permission) => granted.includes(permission));
}
