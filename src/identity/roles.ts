/** Roles: named sets of permissions. A change acts at once for all who hold the role. */
import type { Kysely } from "kysely";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import { keepAnAdministrator } from "./administrators.ts";
import type { Changes } from "./changes.ts";
import { requireMayChangeRole } from "./grants.ts";
import type { OnBehalf, Role, Roles } from "./identity.ts";
import { requireRoleName, requireText } from "./names.ts";
import { formatPermissions, parsePermissions } from "./permission-lists.ts";
import { builtinRoleNames } from "./permissions.ts";

export const adminRole = "admin";
const maxRoles = 1_000;

export function createRoles({
  database,
  clock,
  changes,
}: {
  database: Database;
  clock: Clock;
  changes: Changes;
}): Roles {
  const db = database.kysely;

  function requireChangeable(name: string): void {
    if (name !== adminRole) return;
    throw new YardError(
      "precondition",
      "The role admin always holds every permission; it can't be changed or deleted.",
      { field: "role" },
    );
  }

  async function permissionsOf(trx: Kysely<Schema>, name: string): Promise<readonly string[]> {
    const row = await trx.selectFrom("roles").select("permissions").where("name", "=", name).executeTakeFirst();
    return row ? parsePermissions(row.permissions) : [];
  }

  async function remove(name: string, { by }: OnBehalf = {}): Promise<void> {
    requireChangeable(name);
    requireRoleName(name);
    await database.transaction(async (trx) => {
      requireMayChangeRole(by, name, { before: await permissionsOf(trx, name), after: [] });
      const { numDeletedRows } = await keepAnAdministrator(trx, () =>
        trx.deleteFrom("roles").where("name", "=", name).executeTakeFirstOrThrow(),
      );
      if (numDeletedRows === 0n) throw noSuchRole(name);
    });
    await changes.roleChanged(name);
  }

  /** Writes a role, as `by` may. @param allowed what it may find there */
  async function write(
    { name, displayName, permissions }: Pick<Role, "name" | "permissions"> & Partial<Role>,
    { by }: OnBehalf,
    allowed: (exists: boolean) => void = () => {},
  ): Promise<void> {
    requireChangeable(name);
    requireRoleName(name);
    if (displayName !== undefined) requireText(displayName, "displayName", 128);
    const row = {
      permissions: formatPermissions(permissions),
      ...(displayName !== undefined && { display_name: displayName || null }),
      updated_at: clock.now(),
    };
    await database.transaction(async (trx) => {
      const before = await trx.selectFrom("roles").select("permissions").where("name", "=", name).executeTakeFirst();
      allowed(before !== undefined);
      const held = before ? parsePermissions(before.permissions) : [];
      requireMayChangeRole(by, name, { before: held, after: permissions });
      if (!before) await requireRoom(trx);
      await keepAnAdministrator(trx, () =>
        trx
          .insertInto("roles")
          .values({ name, ...row })
          .onConflict((conflict) => conflict.column("name").doUpdateSet(row))
          .execute(),
      );
    });
    await changes.roleChanged(name);
  }

  async function requireRoom(trx: Kysely<Schema>): Promise<void> {
    const { roles } = await trx
      .selectFrom("roles")
      .select((count) => count.fn.countAll<number>().as("roles"))
      .executeTakeFirstOrThrow();
    if (roles >= maxRoles)
      throw new YardError("precondition", `A yard has at most ${maxRoles} roles. Delete one first.`);
  }

  const rows = () => db.selectFrom("roles").selectAll().orderBy("name").limit(maxRoles).execute();

  return {
    all: async () => new Map((await rows()).map((row) => [row.name, parsePermissions(row.permissions)])),

    async list() {
      return (await rows()).map(({ name, display_name, permissions }) => ({
        name,
        displayName: display_name ?? builtinRoleNames[name] ?? name,
        permissions: parsePermissions(permissions),
      }));
    },

    async set(name, permissions, { by } = {}) {
      if (permissions.length === 0) return remove(name, { by });
      await write({ name, permissions }, { by });
    },

    async create(role, options = {}) {
      await write(role, options, (exists) => {
        if (exists)
          throw new YardError("conflict", `There is a role ${JSON.stringify(role.name)} already.`, { field: "name" });
      });
    },

    async change(role, options = {}) {
      await write(role, options, (exists) => {
        if (!exists) throw noSuchRole(role.name);
      });
    },

    delete: remove,
  };
}

function noSuchRole(name: string): YardError {
  return new YardError("not_found", `There is no role ${JSON.stringify(name)}.`, { field: "role" });
}
