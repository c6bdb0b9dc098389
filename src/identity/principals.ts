/** Makes the Principal of a credential from what is stored at this moment: state of the user, roles, teams. */
import type { Kysely } from "kysely";
import type { Schema } from "../platform/db/schema.ts";
import { parsePermissions } from "./permission-lists.ts";
import { permissions as allPermissions } from "./permissions.ts";
import type { Principal } from "./principal.ts";

interface Holder {
  readonly id: string;
  readonly username: string;
}

/** @param atMost an API key's own list: it narrows what the roles grant, and never widens it */
export async function loadPrincipal(
  db: Kysely<Schema>,
  holder: Holder,
  credential: Principal["credential"],
  atMost: readonly string[] | null = null,
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
    ...narrow(granted, atMost),
    credential,
  };
}

/** `*` stands for every permission, also for names that only an API knows. */
export function narrow(
  granted: readonly string[],
  atMost: readonly string[] | null,
): { permissions: ReadonlySet<string>; isAdmin: boolean } {
  const grantsAll = granted.includes("*");
  const asksAll = atMost === null || atMost.includes("*");
  if (asksAll) {
    const named = granted.filter((permission) => permission !== "*");
    return { permissions: new Set(grantsAll ? [...allPermissions, ...named] : named), isAdmin: grantsAll };
  }
  return {
    permissions: new Set(grantsAll ? atMost : atMost.filter((permission) => granted.includes(permission))),
    isAdmin: false,
  };
}
