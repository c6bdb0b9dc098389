/** Recovery codes: for whoever has lost the authenticator app. Each logs in once, in place of one of its codes. */
import { createHmac, randomInt } from "node:crypto";
import type { Kysely } from "kysely";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";

const codesPerUser = 10;
/** Without what looks like something else. Twelve of them are 58 bits: too many to guess through a lockout. */
const alphabet = "abcdefghjkmnpqrstuvwxyz23456789";
const groups = { count: 3, length: 4 } as const;

export interface RecoveryCodes {
  /** New ones in place of all others; readable this once. */
  renew(trx: Kysely<Schema>, userId: string): Promise<readonly string[]>;
  forget(trx: Kysely<Schema>, userId: string): Promise<void>;
  /** Whether it was one of the user's; then it is none any more. */
  use(userId: string, code: string): Promise<boolean>;
}

export function createRecoveryCodes({ database, key }: { database: Database; key: Uint8Array }): RecoveryCodes {
  /** Keyed, because codes that people can type are short enough to be found by whoever reads a copy of the database. */
  const hashOf = (userId: string, code: string) => createHmac("sha256", key).update(`${userId}:${code}`).digest("hex");

  async function forget(trx: Kysely<Schema>, userId: string): Promise<void> {
    await trx.deleteFrom("recovery_codes").where("user_id", "=", userId).execute();
  }

  return {
    forget,

    async renew(trx, userId) {
      const codes = Array.from({ length: codesPerUser }, newCode);
      await forget(trx, userId);
      await trx
        .insertInto("recovery_codes")
        .values(codes.map((code) => ({ user_id: userId, hash: hashOf(userId, code) })))
        .execute();
      return codes;
    },

    async use(userId, typed) {
      const code = typed.trim().toLowerCase();
      if (!codeForm.test(code)) return false;
      const { numDeletedRows } = await database.kysely
        .deleteFrom("recovery_codes")
        .where("user_id", "=", userId)
        .where("hash", "=", hashOf(userId, code))
        .executeTakeFirstOrThrow();
      return numDeletedRows > 0n;
    },
  };
}

const codeForm = new RegExp(
  `^[${alphabet}]{${groups.length}}(?:-[${alphabet}]{${groups.length}}){${groups.count - 1}}$`,
);

function newCode(): string {
  const character = () => alphabet[randomInt(alphabet.length)];
  const group = () => Array.from({ length: groups.length }, character).join("");
  return Array.from({ length: groups.count }, group).join("-");
}
