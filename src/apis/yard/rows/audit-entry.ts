/** An entry of the audit log as a row. */
import { type Static, Type } from "typebox";
import type { AuditEntryRow as Entry } from "../../../platform/db/schema.ts";
import { Moment, OptionalText } from "./texts.ts";

export const AuditRow = Type.Object({
  id: Type.String({ description: "The sequence number" }),
  at: Moment,
  actor: Type.Object({ id: OptionalText, name: Type.String() }),
  action: Type.String(),
  target: Type.String(),
  outcome: Type.Enum(["done", "denied", "failed"]),
  api: Type.String(),
  address: OptionalText,
  requestId: OptionalText,
  details: Type.Unknown(),
});
export type AuditRow = Static<typeof AuditRow>;

export function auditRow(entry: Entry): AuditRow {
  const { seq, at, actor_id: id, actor_name: name, action, target, outcome, api } = entry;
  return {
    ...{ id: String(seq), at, actor: { id, name }, action, target, outcome, api },
    ...{ address: entry.remote_address, requestId: entry.request_id, details: parseDetails(entry.details) },
  };
}

/** What is no JSON any more (somebody has changed the row) is shown as it is. */
function parseDetails(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export function textsOfEntry({ actor_name, action, target, outcome, api, remote_address, details }: Entry) {
  return [actor_name, action, target, outcome, api, remote_address, details];
}
