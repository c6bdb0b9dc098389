/** What belongs to no domain: the yards of this database, their settings, what happened. */
import type { Generated } from "kysely";

export interface YardTables {
  instances: InstanceRow;
  settings: SettingRow;
  events: EventRow;
  audit_entries: AuditEntryRow;
  audit_webhook: AuditWebhookRow;
}

export interface AuditEntryRow {
  seq: number;
  at: number;
  actor_id: string | null;
  actor_name: string;
  /** Through which API: `appmesh`, `wrenn`, … or `yard`. */
  api: string;
  /** `app.write`, `user.lock`, … */
  action: string;
  target: string;
  outcome: "done" | "denied" | "failed";
  remote_address: string | null;
  request_id: string | null;
  /** JSON object without secrets. */
  details: string;
  /** Hex SHA-256 over the previous entry's hash and this entry's other columns. */
  hash: string;
}

export interface EventRow {
  seq: Generated<number>;
  at: number;
  topic: string;
  /** The id of what it speaks of. */
  subject: string;
  data: string;
}

export interface SettingRow {
  key: string;
  value: string;
  updated_at: number;
}

/** A yard that uses this database; one for each data directory. */
export interface InstanceRow {
  /** Of its data directory, and of the host that is local to it. */
  id: string;
  /** Of that host, for people. */
  name: string;
  /** By the database's clock. */
  lease_until: number;
  /** Since when it is taken to be gone: it was stopped, or others have seen its lease end. What it was doing is over then. */
  gone_at: number | null;
}

/** Where entries of the audit log are sent. */
export interface AuditWebhookRow {
  /** There is one. */
  name: "audit";
  /** Empty: nowhere. */
  url: string;
  sealed_secret: string | null;
  /** JSON array. */
  filter_actions: string;
  /** The last entry that has been sent, or need not be. */
  sent_through: number;
  /** Tries that have failed in a row. */
  failures: number;
  /** When the next try begins; while one is under way, when it is taken to have died with its yard. */
  due_at: number;
  updated_at: number;
}
