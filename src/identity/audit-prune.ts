/** Takes old entries out of the audit log, in steps each of which may be the last one before a crash:
 *
 *  1. they are verified, and archived if they are to be: a file that is on the disk before anything is gone;
 *  2. the bridge is written (audit-bridge.ts), in one transaction: from then on the log begins after them;
 *  3. they are deleted, in slices. What a crash leaves of that, the next run deletes. */
import type { Kysely } from "kysely";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { AuditEntryRow, Schema } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import { type Archive, writeArchive } from "./audit-archive.ts";
import { bridgeEntry, readStart } from "./audit-bridge.ts";
import { type ChainHead, chain, chainStart } from "./audit-chain.ts";
import { createAuditRows, readHead } from "./audit-rows.ts";
import { faultOf, pagesOf } from "./audit-verify.ts";
import type { AuditEntry } from "./identity.ts";

export interface PruneOptions {
  /** Entries up to the first that is not older than this, milliseconds since 1970. */
  readonly before: number;
  /** Where they are archived; nowhere, if absent. */
  readonly archiveIn?: string;
  readonly actor: AuditEntry["actor"];
}

export interface PruneResult {
  readonly pruned: number;
  readonly archive?: Archive;
  /** Number of the entry that stands for them; absent where there were none. */
  readonly bridge?: number;
}

export interface Pruning {
  /** @throws {YardError} conflict, where the log does not hold: what would show that is not pruned */
  prune(options: PruneOptions): Promise<PruneResult>;
  /** What `prune` would take. */
  preview(before: number): Promise<number>;
}

/** Deleted in one transaction, while which nothing else is written. */
const slice = 2_000;

export function createPruning({ database, clock }: { database: Database; clock: Clock }): Pruning {
  const db = database.kysely;
  const rows = createAuditRows(db);

  /** @returns undefined where another yard was quicker */
  async function writeBridge(start: ChainHead, entry: AuditEntry): Promise<number | undefined> {
    return database.transaction(
      async (trx) => {
        if ((await readStart(trx)).seq !== start.seq) return undefined;
        const { rows: made, head } = chain((await readHead(trx)) ?? chainStart, [{ entry, at: clock.now() }]);
        await rows.setHead(head, clock.now(), trx);
        await rows.insert(made, trx);
        return head.seq;
      },
      { exclusive: "audit" },
    );
  }

  return {
    async prune({ before, archiveIn, actor }) {
      const start = await readStart(db);
      await deleteThrough(database, start.seq);
      const through = await lastBefore(db, start, before);
      if (through === start.seq) return { pruned: 0 };
      const walk = holding(pagesOf(db, start.seq, through), start);
      const archive =
        archiveIn === undefined
          ? await readThrough(walk.pages)
          : await writeArchive(archiveIn, `audit-${start.seq + 1}-${through}`, walk.pages);
      const last = walk.last();
      const pruned = last.seq - start.seq;
      const entry = bridgeEntry(actor, { last, entries: pruned, ...(archive && { archive: fileOf(archive) }) });
      const bridge = await writeBridge(start, entry);
      if (bridge === undefined) return { pruned: 0 };
      await deleteThrough(database, last.seq);
      return { pruned, bridge, ...(archive && { archive }) };
    },

    async preview(before) {
      const start = await readStart(db);
      return (await lastBefore(db, start, before)) - start.seq;
    },
  };
}

/** Clocks are set: what comes after the first that is young stays, however old it says it is. */
async function lastBefore(db: Kysely<Schema>, start: ChainHead, before: number): Promise<number> {
  const young = await db
    .selectFrom("audit_entries")
    .select("seq")
    .where("seq", ">", start.seq)
    .where("at", ">=", before)
    .orderBy("seq")
    .limit(1)
    .executeTakeFirst();
  return young ? young.seq - 1 : ((await readHead(db)) ?? start).seq;
}

/** Passes on what holds. */
function holding(pages: AsyncIterable<readonly AuditEntryRow[]>, start: ChainHead) {
  let head = start;
  async function* checked() {
    for await (const page of pages) {
      for (const row of page) {
        const reason = faultOf(row, head);
        if (reason)
          throw new YardError("conflict", `The audit log does not hold, so nothing of it is pruned: ${reason}.`);
        head = { seq: row.seq, hash: row.hash };
      }
      yield page;
    }
  }
  return { pages: checked(), last: () => head };
}

async function readThrough(pages: AsyncIterable<unknown>): Promise<undefined> {
  for await (const _page of pages);
}

async function deleteThrough(database: Database, seq: number): Promise<void> {
  for (;;) {
    const first = await database.kysely
      .selectFrom("audit_entries")
      .select(({ fn }) => fn.min<number | null>("seq").as("seq"))
      .executeTakeFirstOrThrow();
    if (first.seq === null || first.seq > seq) return;
    const end = Math.min(seq, first.seq + slice - 1);
    await database.transaction((trx) => trx.deleteFrom("audit_entries").where("seq", "<=", end).execute());
  }
}

function fileOf({ path, sha256 }: Archive) {
  return { file: path, sha256 };
}
