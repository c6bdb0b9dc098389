/** The audit log as people read it: newest first. */
import { type Kysely, sql } from "kysely";
import type { Database } from "../platform/db/database.ts";
import type { AuditEntryRow, Schema } from "../platform/db/schema.ts";

/** An entry of the chain, with the hash that it follows. */
export type LoggedEntry = AuditEntryRow & { readonly previousHash: string | null };

export interface AuditLogQuery {
  /** How many at the most. */
  readonly limit: number;
  /** What its action begins with. */
  readonly actionPrefix?: string;
  readonly actorId?: string;
}

export interface AuditLog {
  /** The newest that fit. */
  list(query: AuditLogQuery): Promise<readonly LoggedEntry[]>;
  size(): Promise<{ readonly entries: number; readonly oldestAt: number | undefined }>;
}

/** Entries looked at in one query: of SQLite the process does nothing else meanwhile, and what is rare may be far back in a long log. */
const usualSlice = 5_000;

export function createAuditLog(
  { kysely }: Pick<Database, "kysely">,
  { slice = usualSlice }: { readonly slice?: number } = {},
): AuditLog {
  return {
    async list({ limit, ...wanted }) {
      const found: LoggedEntry[] = [];
      // Sequence numbers have no gaps: so many of them are so many entries.
      const { oldest, newest } = await ends(kysely);
      for (let end = newest; end >= oldest && end > 0 && found.length < limit; end -= slice)
        found.push(...(await within(kysely, end, slice, limit - found.length, wanted)));
      return found;
    },

    async size() {
      const { entries, oldestAt } = await kysely
        .selectFrom("audit_entries")
        .select(({ fn }) => [fn.countAll<number>().as("entries"), fn.min<number | null>("at").as("oldestAt")])
        .executeTakeFirstOrThrow();
      return { entries, oldestAt: oldestAt ?? undefined };
    },
  };
}

async function ends(kysely: Kysely<Schema>): Promise<{ readonly oldest: number; readonly newest: number }> {
  const { oldest, newest } = await kysely
    .selectFrom("audit_entries")
    .select(({ fn }) => [fn.min<number | null>("seq").as("oldest"), fn.max<number | null>("seq").as("newest")])
    .executeTakeFirstOrThrow();
  return { oldest: oldest ?? 0, newest: newest ?? 0 };
}

/** Those from `end` down, of `slice` numbers. */
function within(
  kysely: Kysely<Schema>,
  end: number,
  slice: number,
  limit: number,
  { actionPrefix = "", actorId }: Omit<AuditLogQuery, "limit">,
): Promise<LoggedEntry[]> {
  return kysely
    .selectFrom("audit_entries as entry")
    .leftJoin("audit_entries as before", (join) => join.on("before.seq", "=", sql<number>`entry.seq - 1`))
    .selectAll("entry")
    .select("before.hash as previousHash")
    .where("entry.seq", "<=", end)
    .where("entry.seq", ">", end - slice)
    .$if(actionPrefix !== "", (some) =>
      some.where(sql`substr(entry.action, 1, ${[...actionPrefix].length})`, "=", actionPrefix),
    )
    .$if(actorId !== undefined, (some) => some.where("entry.actor_id", "=", actorId!))
    .orderBy("entry.seq", "desc")
    .limit(limit)
    .execute();
}
