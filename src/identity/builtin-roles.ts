/** The built-in roles of a yard: made when it is new, and given the permissions and the further roles that later versions bring.
 *
 *  A permission is added to the roles that have it by default once, at the first start of a version that knows it, and a role likewise is made once; the
 *  sets of those that the yard has known are stored, and only grow. So what an administrator takes away stays away, a deleted role stays deleted, one that
 *  somebody else has made by the name of a later built-in one stays as it is, and an older version that runs in between changes nothing. */
import type { Kysely, Selectable } from "kysely";
import { Type } from "typebox";
import { Value } from "typebox/value";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { RoleRow, Schema } from "../platform/db/schema.ts";
import type { Audit } from "./identity.ts";
import { formatPermissions, parsePermissions } from "./permission-lists.ts";
import { builtinRoles, type Permission, permissions } from "./permissions.ts";

/** In `settings`: JSON arrays of names. */
const knownKeys = { permissions: "identity.known-permissions", roles: "identity.known-roles" } as const;
const Names = Type.Array(Type.String());

/** What yards had before they kept the sets. */
const firstPermissions: readonly string[] = permissions.slice(0, permissions.indexOf("scripts.run"));
const firstRoles: readonly string[] = ["admin", "manage", "shell", "tasks", "capsules", "usermgr", "view"];

type StoredRole = Selectable<RoleRow>;

export interface BuiltinRoleParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly audit: Pick<Audit, "record">;
}

export async function ensureBuiltinRoles({ database, clock, audit }: BuiltinRoleParts): Promise<void> {
  const changes = await database.transaction((trx) => bringUpToDate(trx, clock.now()), { exclusive: "built-in roles" });
  for (const { action, name, permissions } of changes)
    await audit.record({
      actor: { id: null, name: "runyard" },
      ...{ api: "yard", action, target: name, outcome: "done", details: { permissions } },
    });
}

interface RoleChange {
  readonly action: "role.extend" | "role.create";
  readonly name: string;
  readonly permissions: readonly string[];
}

/** @returns what has changed, of a yard that is not new */
async function bringUpToDate(trx: Kysely<Schema>, updated_at: number): Promise<readonly RoleChange[]> {
  const roles = await trx.selectFrom("roles").selectAll().execute();
  const stored = await readNames(trx, knownKeys.permissions);
  const isNew = stored === undefined && roles.length === 0;
  const known = stored ?? inferKnown(roles);
  const knownRoles = (await readNames(trx, knownKeys.roles)) ?? (isNew ? [] : firstRoles);

  const extended = isNew ? [] : additions(roles, new Set(known), knownRoles);
  for (const { name, after } of extended) {
    const changed = { permissions: formatPermissions(after), updated_at };
    await trx.updateTable("roles").set(changed).where("name", "=", name).execute();
  }
  const taken = new Set([...knownRoles, ...roles.map(({ name }) => name)]);
  const made = Object.entries(builtinRoles).filter(([name]) => !taken.has(name));
  const rows = made.map(([name, granted]) => ({ name, permissions: formatPermissions(granted), updated_at }));
  if (rows.length > 0) await trx.insertInto("roles").values(rows).execute();

  await keepNames(trx, knownKeys.permissions, [...new Set([...known, ...permissions])], updated_at);
  await keepNames(trx, knownKeys.roles, [...new Set([...knownRoles, ...Object.keys(builtinRoles)])], updated_at);
  if (isNew) return [];
  return [
    ...extended.map(({ name, permissions }) => ({ action: "role.extend" as const, name, permissions })),
    ...made.map(([name, granted]) => ({ action: "role.create" as const, name, permissions: granted })),
  ];
}

async function readNames(trx: Kysely<Schema>, key: string): Promise<readonly string[] | undefined> {
  const stored = await trx.selectFrom("settings").select("value").where("key", "=", key).executeTakeFirst();
  return stored && Value.Parse(Names, JSON.parse(stored.value));
}

async function keepNames(
  trx: Kysely<Schema>,
  key: string,
  names: readonly string[],
  updated_at: number,
): Promise<void> {
  const value = JSON.stringify(names);
  const row = { value, updated_at };
  await trx
    .insertInto("settings")
    .values({ key, ...row })
    .onConflict((conflict) => conflict.column("key").doUpdateSet(row).where("settings.value", "!=", value))
    .execute();
}

/** Of a yard from before the set was kept: whatever a role of it names, its administrators have had in their hands. */
function inferKnown(roles: readonly StoredRole[]): readonly string[] {
  if (roles.length === 0) return permissions;
  return [...new Set([...firstPermissions, ...roles.flatMap((role) => parsePermissions(role.permissions))])];
}

interface Addition {
  readonly name: string;
  /** What is added. */
  readonly permissions: readonly Permission[];
  /** All that the role holds then. */
  readonly after: readonly string[];
}

function additions(
  roles: readonly StoredRole[],
  known: ReadonlySet<string>,
  knownRoles: readonly string[],
): readonly Addition[] {
  return roles.flatMap(({ name, permissions: json }) => {
    if (!knownRoles.includes(name)) return [];
    const held = parsePermissions(json);
    const fresh = (builtinRoles[name] ?? []).filter(
      (permission) => permission !== "*" && !known.has(permission) && !held.includes(permission),
    ) as Permission[];
    return fresh.length === 0 ? [] : [{ name, permissions: fresh, after: [...held, ...fresh] }];
  });
}
