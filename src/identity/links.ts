/** Users for whom another service vouches: a login there is one here. */
import type { Kysely } from "kysely";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import type { Link, Links } from "./identity.ts";
import { readUser } from "./user-rows.ts";

export function createLinks({ database: { kysely: db } }: { database: Database }): Links {
  return {
    async find(link) {
      const row = await db
        .selectFrom("user_links")
        .innerJoin("users", "users.id", "user_links.user_id")
        .selectAll("users")
        .where("user_links.subject", "=", subjectOf(link))
        .executeTakeFirst();
      return row && readUser(db, row);
    },

    async ofUser(userId) {
      const rows = await db
        .selectFrom("user_links")
        .select("subject")
        .where("user_id", "=", userId)
        .orderBy("subject")
        .execute();
      return rows.map(({ subject }) => linkOf(subject));
    },
  };
}

/** In the transaction that makes the user. */
export async function addLink(trx: Kysely<Schema>, userId: string, link: Link, now: number): Promise<void> {
  await trx
    .insertInto("user_links")
    .values({ subject: subjectOf(link), user_id: userId, created_at: now })
    .execute();
}

/** For two logins of one person that came at the same moment. */
export function takenLink(cause: unknown): YardError {
  return new YardError("conflict", "This login is another user's since a moment ago. Log in again.", {
    field: "link",
    cause,
  });
}

/** How a link is stored. */
export function subjectOf({ provider, id }: Link): string {
  return `${provider}:${id}`;
}

function linkOf(subject: string): Link {
  const colon = subject.indexOf(":");
  return { provider: subject.slice(0, colon), id: subject.slice(colon + 1) };
}
