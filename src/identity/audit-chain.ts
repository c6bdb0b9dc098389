/** The chain of the audit log: each entry's hash covers the hash before it, so none can be changed, removed or moved without all that
 *  follow being wrong. */
import { createHash } from "node:crypto";
import type { AuditEntryRow } from "../platform/db/schema.ts";
import type { AuditEntry } from "./identity.ts";

/** The newest entry: kept apart from the entries, it shows when the end was cut off. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

/** What the first entry follows. */
export const chainStart: ChainHead = { seq: 0, hash: "0".repeat(64) };

export type UnchainedRow = Omit<AuditEntryRow, "hash">;

/** Hex SHA-256 over the previous hash and all columns in this order, as JSON: no two rows give the same text. */
export function hashEntry(previousHash: string, row: UnchainedRow): string {
  const { seq, at, actor_id, actor_name, api, action, target, outcome, remote_address, request_id, details } = row;
  const columns = [seq, at, actor_id, actor_name, api, action, target, outcome, remote_address, request_id, details];
  return createHash("sha256").update(previousHash).update(JSON.stringify(columns)).digest("hex");
}

/** The rows of `entries` as they follow `from`, and the head that they make. */
export function chain(
  from: ChainHead,
  entries: readonly { entry: AuditEntry; at: number }[],
): { readonly rows: readonly AuditEntryRow[]; readonly head: ChainHead } {
  let { seq, hash } = from;
  const rows = entries.map(({ entry, at }) => {
    const row = toRow(entry, ++seq, at);
    hash = hashEntry(hash, row);
    return { ...row, hash };
  });
  return { rows, head: { seq, hash } };
}

const maxText = 2_048;
const maxDetails = 16 * 1_024;

/** An entry is never refused for its size, else a long name would be a way to act unseen: what is too long is cut. */
function toRow(entry: AuditEntry, seq: number, at: number): UnchainedRow {
  const details = JSON.stringify(entry.details ?? {});
  return {
    seq,
    at,
    actor_id: entry.actor.id,
    actor_name: clip(entry.actor.name),
    api: clip(entry.api),
    action: clip(entry.action),
    target: clip(entry.target),
    outcome: entry.outcome,
    remote_address: entry.remoteAddress === undefined ? null : clip(entry.remoteAddress),
    request_id: entry.requestId === undefined ? null : clip(entry.requestId),
    details: details.length > maxDetails ? JSON.stringify({ cut: clip(details) }) : details,
  };
}

/** Well-formed and without NUL, so that both databases give back exactly what was hashed. */
function clip(text: string): string {
  return text.slice(0, maxText).toWellFormed().replaceAll("\0", "\uFFFD");
}
