/** The entry that stands for those that were pruned: it says up to which they were and what the last one's hash was, so the chain is verified from there. It is
 *  an entry of the chain like any other; whoever would forge one has to write the whole chain anew after it, which an anchor kept elsewhere shows. */
import { type Kysely, sql } from "kysely";
import { Type } from "typebox";
import { Value } from "typebox/value";
import type { Schema } from "../platform/db/schema.ts";
import { type ChainHead, chainStart } from "./audit-chain.ts";
import type { AuditEntry } from "./identity.ts";

/** No API records entries of this one; names of actions are not given by clients. */
const action = "audit.prune";
const api = "retention";
const Details = Type.Object({ through: Type.Integer({ minimum: 1 }), hash: Type.String() });

export interface Pruned {
  /** The last entry that was pruned. */
  readonly last: ChainHead;
  readonly entries: number;
  readonly archive?: { readonly file: string; readonly sha256: string };
}

export function bridgeEntry(actor: AuditEntry["actor"], { last, entries, archive }: Pruned): AuditEntry {
  const details = { through: last.seq, hash: last.hash, entries, ...(archive && { archive }) };
  return { actor, api, action, target: `1-${last.seq}`, outcome: "done", details };
}

/** What the log's first entry follows: nothing, or what the newest bridge says was pruned. Entries before that may still wait to be deleted. */
export async function readStart(db: Kysely<Schema>): Promise<ChainHead> {
  const bridge = await db
    .selectFrom("audit_entries")
    .select("details")
    .where("action", "=", sql.lit(action)) // as its index has it
    .where("api", "=", api)
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  const details = bridge && parse(bridge.details);
  return details ? { seq: details.through, hash: details.hash } : chainStart;
}

/** @returns undefined for one that somebody has changed: then the chain shows that */
function parse(text: string) {
  try {
    const details: unknown = JSON.parse(text);
    return Value.Check(Details, details) ? details : undefined;
  } catch {
    return undefined;
  }
}
