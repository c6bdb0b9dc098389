/** A yard that once had an administrator keeps one: nobody can lock the door from outside and lose the key. */
import type { Kysely } from "kysely";
import type { Schema, UserRow } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import { parsePermissions } from "./permission-lists.ts";

/** Makes a change inside a transaction. @throws {YardError} precondition, when it would leave no active user who holds everything */
export async function keepAnAdministrator<T>(trx: Kysely<Schema>, change: () => Promise<T>): Promise<T> {
  const hadOne = await hasAdministrator(trx);
  const result = await change();
  if (hadOne && !(await hasAdministrator(trx))) {
    throw new YardError("precondition", "This would leave the yard without an administrator. Make another one first.");
  }
  return result;
}

/** Whether a user holds everything, locked or not. */
export async function isAdministrator(trx: Kysely<Schema>, userId: string): Promise<boolean> {
  return (await administrators(trx)).some((user) => user.id === userId);
}

async function hasAdministrator(trx: Kysely<Schema>): Promise<boolean> {
  return (await administrators(trx)).some((user) => user.state === "active");
}

async function administrators(trx: Kysely<Schema>): Promise<readonly Pick<UserRow, "id" | "state">[]> {
  const roles = await trx.selectFrom("roles").select(["name", "permissions"]).execute();
  const names = roles.filter((role) => parsePermissions(role.permissions).includes("*")).map((role) => role.name);
  if (names.length === 0) return [];
  return trx
    .selectFrom("users")
    .innerJoin("user_roles", "user_roles.user_id", "users.id")
    .select(["users.id", "users.state"])
    .where("user_roles.role_name", "in", names)
    .execute();
}
