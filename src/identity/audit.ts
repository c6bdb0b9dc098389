/** The audit log: who did what, to what, from where, through which API. Append-only and chained (audit-chain.ts); entries that arrive
 *  together share one commit, so a busy yard does not wait for the disk once per entry. */
import type { Clock } from "../platform/clock.ts";
import { createBatchWriter } from "../platform/db/batch.ts";
import type { Database } from "../platform/db/database.ts";
import { type ChainHead, chain, chainStart } from "./audit-chain.ts";
import { createAuditRows, readHead } from "./audit-rows.ts";
import { verifyChain } from "./audit-verify.ts";
import type { Audit, AuditEntry } from "./identity.ts";

export function createAudit({ database, clock }: { database: Database; clock: Clock }): Audit & AsyncDisposable {
  const rows = createAuditRows(database.kysely);
  /** As our last commit left it. Only a guess at what the database holds: another process may have written since. */
  let remembered: ChainHead = chainStart;

  async function commit(entries: readonly { entry: AuditEntry; at: number }[]): Promise<void> {
    // One writer at a time over all processes: each has to know the hash before its own.
    remembered = await database.transaction(
      async (trx) => {
        const now = clock.now();
        const guessed = chain(remembered, entries);
        if (await rows.moveHead(remembered, guessed.head, now, trx)) {
          await rows.insert(guessed.rows, trx);
          return guessed.head;
        }
        const read = chain((await readHead(trx)) ?? chainStart, entries);
        await rows.setHead(read.head, now, trx);
        await rows.insert(read.rows, trx);
        return read.head;
      },
      { exclusive: "audit" },
    );
  }

  const writer = createBatchWriter({ commit });
  return {
    record: (entry) => writer.write({ entry, at: clock.now() }),
    verify: async ({ anchor } = {}) => verifyChain(database.kysely, [await readHead(database.kysely), anchor]),
    [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
  };
}
