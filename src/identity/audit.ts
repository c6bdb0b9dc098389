/** The audit log: who did what, to what, from where, through which API. Append-only and chained (audit-chain.ts); entries that arrive
 *  together share one commit, so a busy yard does not wait for the disk once per entry. */

import type { Kysely } from "kysely";
import { Type } from "typebox";
import { Value } from "typebox/value";
import type { Clock } from "../platform/clock.ts";
import { createBatchWriter } from "../platform/db/batch.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { type ChainHead, chain, chainStart } from "./audit-chain.ts";
import { verifyChain } from "./audit-verify.ts";
import type { Audit, AuditEntry } from "./identity.ts";

const headKey = "audit.head";
const Head = Type.Object({ seq: Type.Integer({ minimum: 0 }), hash: Type.String() });

export function createAudit({ database, clock }: { database: Database; clock: Clock }): Audit & AsyncDisposable {
  const writer = createBatchWriter<{ entry: AuditEntry; at: number }>({
    // One writer at a time over all processes: each has to know the hash before its own.
    commit: (entries) =>
      database.transaction(
        async (trx) => {
          const rows = chain((await readHead(trx)) ?? chainStart, entries);
          const last = rows.at(-1);
          if (!last) return;
          await trx.insertInto("audit_entries").values(rows).execute();
          await writeHead(trx, { seq: last.seq, hash: last.hash }, clock.now());
        },
        { exclusive: "audit" },
      ),
  });

  return {
    record: (entry) => writer.write({ entry, at: clock.now() }),
    verify: async ({ anchor } = {}) => verifyChain(database.kysely, [await readHead(database.kysely), anchor]),
    [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
  };
}

async function readHead(db: Kysely<Schema>): Promise<ChainHead | undefined> {
  const setting = await db.selectFrom("settings").select("value").where("key", "=", headKey).executeTakeFirst();
  return setting && Value.Parse(Head, JSON.parse(setting.value));
}

async function writeHead(trx: Kysely<Schema>, head: ChainHead, now: number): Promise<void> {
  const row = { value: JSON.stringify(head), updated_at: now };
  await trx
    .insertInto("settings")
    .values({ key: headKey, ...row })
    .onConflict((conflict) => conflict.column("key").doUpdateSet(row))
    .execute();
}
