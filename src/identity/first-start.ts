/** The first start of a yard: somebody must be able to log in. */
import { newSecret } from "../platform/crypto/secrets.ts";
import type { Database } from "../platform/db/database.ts";
import { isYardError } from "../platform/errors.ts";
import type { Users } from "./identity.ts";
import { adminRole } from "./roles.ts";

const adminName = "admin";

export interface FirstAdmin {
  readonly username: string;
  /** To be printed once; null where the password was given. */
  readonly generatedPassword: string | null;
}

/** Makes the user `admin`, if there has never been any user. Of two processes that start at once one makes it, and only that one is told.
 *  @throws {YardError} invalid, when the given password is too short or too long */
export async function ensureFirstAdmin(
  { database, users }: { database: Database; users: Users },
  { password }: { password?: string } = {},
): Promise<FirstAdmin | undefined> {
  const someone = await database.kysely.selectFrom("users").select("id").limit(1).execute();
  if (someone.length > 0) return undefined;
  const generatedPassword = password === undefined ? newSecret().slice(0, 24) : null;
  try {
    await users.create({
      username: adminName,
      password: password ?? generatedPassword ?? undefined,
      roles: [adminRole],
    });
  } catch (error) {
    if (isYardError(error, "conflict")) return undefined;
    throw error;
  }
  return { username: adminName, generatedPassword };
}
