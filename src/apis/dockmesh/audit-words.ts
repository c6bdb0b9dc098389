/** Entries of the yard's audit log in Dockmesh's words. */
import { type Static, Type } from "typebox";
import { chainStart } from "../../identity/audit-chain.ts";
import type { LoggedEntry } from "../../identity/audit-log.ts";
import type { Audit } from "../../identity/identity.ts";
import { timeToWire } from "./account-words.ts";

export const WireAuditEntry = Type.Object({
  id: Type.Integer(),
  ts: Type.String({ format: "date-time" }),
  user_id: Type.Optional(Type.String()),
  username: Type.Optional(Type.String()),
  action: Type.String(),
  target: Type.Optional(Type.String()),
  details: Type.Optional(
    Type.String({ description: "JSON, as text; with where from, through which API, how it ended" }),
  ),
  prev_hash: Type.Optional(Type.String({ description: "Of the entry before it" })),
  row_hash: Type.Optional(Type.String({ description: "Hex SHA-256 over that and all of this entry" })),
});

export function auditEntryToWire(entry: LoggedEntry): Static<typeof WireAuditEntry> {
  const { seq: id, at, actor_id, actor_name: username, action, target, hash: row_hash, previousHash } = entry;
  const { api, outcome, remote_address: ip } = entry;
  const details = { ...parseDetails(entry.details), api, outcome, ...(ip !== null && { ip }) };
  return {
    ...{ id, ts: timeToWire(at), username, action, row_hash },
    ...(actor_id !== null && { user_id: actor_id }),
    ...(target !== "" && { target }),
    details: JSON.stringify(details),
    prev_hash: previousHash ?? chainStart.hash,
  };
}

/** What is no object any more (somebody has changed the row) is shown as it is. */
function parseDetails(text: string): object {
  try {
    const details: unknown = JSON.parse(text);
    return typeof details === "object" && details !== null ? details : { details };
  } catch {
    return { details: text };
  }
}

export const Verification = Type.Object({
  ok: Type.Boolean(),
  verified_rows: Type.Integer(),
  first_broken_id: Type.Optional(Type.Integer()),
  message: Type.Optional(Type.String()),
  verified: Type.Integer({ description: "How many hold; the same as `verified_rows`" }),
  broken: Type.Integer({ description: "1 once one does not: those after it say nothing" }),
  first_break: Type.Optional(Type.Integer({ description: "The same as `first_broken_id`" })),
  break_reason: Type.Optional(Type.String({ description: "The same as `message`" })),
  genesis: Type.String({ description: "What the first entry follows" }),
});

export function verificationToWire(verdict: Awaited<ReturnType<Audit["verify"]>>): Static<typeof Verification> {
  const genesis = chainStart.hash;
  if (verdict.ok) return { ok: true, verified_rows: verdict.entries, verified: verdict.entries, broken: 0, genesis };
  const { brokenAt, reason, prunedThrough } = verdict;
  const verified = brokenAt - 1 - prunedThrough;
  return {
    ...{ ok: false, verified_rows: verified, first_broken_id: brokenAt, message: reason },
    ...{ verified, broken: 1, first_break: brokenAt, break_reason: reason, genesis },
  };
}
