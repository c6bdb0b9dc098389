/** Walks the audit chain in pages, so that a log of any length is checked in little memory, and names the first entry that does not hold. */
import type { Kysely } from "kysely";
import type { AuditEntryRow, Schema } from "../platform/db/schema.ts";
import { readStart } from "./audit-bridge.ts";
import { type ChainHead, hashEntry } from "./audit-chain.ts";
import type { Audit } from "./identity.ts";

type Verdict = Awaited<ReturnType<Audit["verify"]>>;
const pageRows = 1_000;

/** @param anchors heads that the chain is known to have had: the one in `settings`, and one that somebody kept elsewhere. Who can write
 *  the database can cut the end off and set the first back; only the second finds that, as long as what it names is not pruned. */
export async function verifyChain(db: Kysely<Schema>, anchors: readonly (ChainHead | undefined)[]): Promise<Verdict> {
  const expected = anchors.filter((anchor) => anchor !== undefined);
  const start = await readStart(db);
  const prunedThrough = start.seq;
  let head = start;
  for await (const rows of pagesOf(db, start.seq)) {
    for (const row of rows) {
      const reason = faultOf(row, head) ?? anchorFaultOf(row, expected);
      if (reason === undefined) {
        head = { seq: row.seq, hash: row.hash };
        continue;
      }
      // Pruned meanwhile: it is another log now.
      if ((await readStart(db)).seq !== start.seq) return verifyChain(db, anchors);
      return { ok: false, prunedThrough, brokenAt: head.seq + 1, reason };
    }
  }
  const newest = Math.max(0, ...expected.map((anchor) => anchor.seq));
  if (newest > head.seq)
    return {
      ...{ ok: false, prunedThrough, brokenAt: head.seq + 1 },
      reason: `the log ends here, but it had ${newest} entries: its end was cut off`,
    };
  if (head.seq > 0 && expected.length === 0)
    return {
      ...{ ok: false, prunedThrough, brokenAt: head.seq },
      reason: "the record of the newest entry is missing from settings",
    };
  return { ok: true, prunedThrough, entries: head.seq - start.seq, lastHash: head.hash };
}

/** Of entries in order. */
export async function* pagesOf(
  db: Kysely<Schema>,
  after: number,
  through = Number.MAX_SAFE_INTEGER,
): AsyncGenerator<readonly AuditEntryRow[]> {
  for (let last = after; ; ) {
    const rows = await db
      .selectFrom("audit_entries")
      .selectAll()
      .where("seq", ">", last)
      .where("seq", "<=", through)
      .orderBy("seq")
      .limit(pageRows)
      .execute();
    if (rows.length > 0) yield rows;
    if (rows.length < pageRows) return;
    last = rows.at(-1)!.seq;
  }
}

/** @returns why the row is not what follows */
export function faultOf(row: AuditEntryRow, previous: ChainHead): string | undefined {
  if (row.seq !== previous.seq + 1) return `entry ${previous.seq + 1} is missing: it was deleted, or moved`;
  if (row.hash !== hashEntry(previous.hash, row))
    return `entry ${row.seq} was changed, or the one before it was replaced`;
  return undefined;
}

function anchorFaultOf(row: AuditEntryRow, anchors: readonly ChainHead[]): string | undefined {
  const isOther = anchors.some((anchor) => anchor.seq === row.seq && anchor.hash !== row.hash);
  return isOther ? `entry ${row.seq} is not the one that was recorded: the log was written anew` : undefined;
}
