/** Whose an e-mail address is, as far as that lets somebody in. Most addresses are what somebody has written: who signs up, or who manages users. One counts for more
 *  when an administrator has written it, or who has verified it: then whoever proves to be its owner elsewhere is this user. Without that distinction, to
 *  write one's own address into another's account would be to take it over, and so would be to sign up with the address of somebody who comes later. */
import type { Kysely } from "kysely";
import type { Schema } from "../platform/db/schema.ts";
import type { Giver } from "./grants.ts";
import { nameKey } from "./names.ts";
import type { StoredUser } from "./user-rows.ts";

/** The column that goes with a change of the address. Nothing where it stays as it is, which clients send along with other changes: an administrator who
 *  gives somebody a role says nothing of the address.
 *  @param change.by who writes it @param change.before its key so far @param change.isVerified by another service, on whose word the user is made */
export function vouchedColumns(
  email: string | null | undefined,
  {
    by,
    before = null,
    isVerified = false,
  }: { readonly by: Giver; readonly before?: string | null; readonly isVerified?: boolean },
): Partial<Pick<StoredUser, "vouched_email_key">> {
  if (email === undefined || (email && nameKey(email) === before)) return {};
  const isVouchedFor = isVerified || by?.isAdmin === true;
  return { vouched_email_key: email && isVouchedFor ? nameKey(email) : null };
}

/** Whoever has the address, and whether anybody vouches for that. */
export async function holderOfEmail(
  db: Kysely<Schema>,
  email: string,
): Promise<{ readonly user: StoredUser; readonly isVouchedFor: boolean } | undefined> {
  const key = nameKey(email);
  const user = await db
    .selectFrom("users")
    .selectAll()
    .where("email_key", "=", key)
    .where("state", "!=", "deleted")
    .executeTakeFirst();
  return user && { user, isVouchedFor: user.vouched_email_key === key };
}
