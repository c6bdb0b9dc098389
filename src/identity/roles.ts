/** Roles: named sets of permissions. A change acts at once for all who hold the role. */
import type { Kysely } from "kysely";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import { keepAnAdministrator } from "./administrators.ts";
import type { Changes } from "./changes.ts";
import { requireMayChangeRole } from "./grants.ts";
import type { OnBehalf, Roles } from "./identity.ts";
import { requireRoleName } from "./names.ts";
import { formatPermissions, parsePermissions } from "./permission-lists.ts";

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
      if (numDeletedRows === 0n)
        throw new YardError("not_found", `There is no role ${JSON.stringify(name)}.`, { field: "role" });
    });
    await changes.roleChanged(name);
  }

  return {
    async all() {
      const rows = await db.selectFrom("roles").selectAll().orderBy("name").limit(maxRoles).execute();
      return new Map(rows.map((row) => [row.name, parsePermissions(row.permissions)]));
    },

    async set(name, permissions, { by } = {}) {
      if (permissions.length === 0) return remove(name, { by });
      requireChangeable(name);
      requireRoleName(name);
      const row = { permissions: formatPermissions(permissions), updated_at: clock.now() };
      await database.transaction(async (trx) => {
        requireMayChangeRole(by, name, { before: await permissionsOf(trx, name), after: permissions });
        const others = await trx
          .selectFrom("roles")
          .select((count) => count.fn.countAll<number>().as("roles"))
          .where("name", "!=", name)
          .executeTakeFirstOrThrow();
        if (others.roles >= maxRoles)
          throw new YardError("precondition", `A yard has at most ${maxRoles} roles. Delete one first.`);
        await keepAnAdministrator(trx, () =>
          trx
            .insertInto("roles")
            .values({ name, ...row })
            .onConflict((conflict) => conflict.column("name").doUpdateSet(row))
            .execute(),
        );
      });
      await changes.roleChanged(name);
    },

    delete: remove,
  };
}
