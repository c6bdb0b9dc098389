/** The built-in roles of a yard: made when it is new, and given the permissions that later versions bring.
 *
 *  A permission is added to the roles that have it by default once, at the first start of a version that knows it; the set of those that the yard
 *  has known is stored, and only grows. So what an administrator takes away stays away, a deleted role stays deleted, and an
 *  older version that runs in between changes nothing. */
import { Type } from "typebox";
import { Value } from "typebox/value";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { RoleRow } from "../platform/db/schema.ts";
import type { Audit } from "./identity.ts";
import { formatPermissions, parsePermissions } from "./permission-lists.ts";
import { builtinRoles, type Permission, permissions } from "./permissions.ts";

/** In `settings`: a JSON array of names. */
const knownKey = "identity.known-permissions";
const KnownPermissions = Type.Array(Type.String());

/** What yards had before they kept the set. */
const firstPermissions: readonly string[] = permissions.slice(0, permissions.indexOf("scripts.run"));

export interface BuiltinRoleParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly audit: Pick<Audit, "record">;
}

export async function ensureBuiltinRoles({ database, clock, audit }: BuiltinRoleParts): Promise<void> {
  const extended = await database.transaction(
    async (trx) => {
      const updated_at = clock.now();
      const stored = await trx.selectFrom("settings").select("value").where("key", "=", knownKey).executeTakeFirst();
      const roles = await trx.selectFrom("roles").selectAll().execute();
      const known = stored ? Value.Parse(KnownPermissions, JSON.parse(stored.value)) : inferKnown(roles);
      const added = stored || roles.length > 0 ? additions(roles, new Set(known)) : [];
      if (!stored && roles.length === 0) await trx.insertInto("roles").values(newRoles(updated_at)).execute();
      for (const { name, after } of added) {
        const changed = { permissions: formatPermissions(after), updated_at };
        await trx.updateTable("roles").set(changed).where("name", "=", name).execute();
      }
      const value = JSON.stringify([...new Set([...known, ...permissions])]);
      if (value === stored?.value) return [];
      await trx
        .insertInto("settings")
        .values({ key: knownKey, value, updated_at })
        .onConflict((conflict) => conflict.column("key").doUpdateSet({ value, updated_at }))
        .execute();
      return added;
    },
    { exclusive: "built-in roles" },
  );
  for (const { name, permissions } of extended)
    await audit.record({
      actor: { id: null, name: "runyard" },
      ...{ api: "yard", action: "role.extend", target: name, outcome: "done", details: { permissions } },
    });
}

function newRoles(updated_at: number): RoleRow[] {
  return Object.entries(builtinRoles).map(([name, granted]) => ({
    name,
    permissions: formatPermissions(granted),
    updated_at,
  }));
}

/** Of a yard from before the set was kept: whatever a role of it names, its administrators have had in their hands. */
function inferKnown(roles: readonly RoleRow[]): readonly string[] {
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

function additions(roles: readonly RoleRow[], known: ReadonlySet<string>): readonly Addition[] {
  return roles.flatMap(({ name, permissions: json }) => {
    const held = parsePermissions(json);
    const fresh = (builtinRoles[name] ?? []).filter(
      (permission) => permission !== "*" && !known.has(permission) && !held.includes(permission),
    ) as Permission[];
    return fresh.length === 0 ? [] : [{ name, permissions: fresh, after: [...held, ...fresh] }];
  });
}
