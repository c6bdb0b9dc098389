/** Capsules, what they start from, and what was measured of them. */

export interface CapsuleTables {
  capsules: CapsuleRow;
  capsule_templates: CapsuleTemplateRow;
  capsule_moves: CapsuleMoveRow;
  capsule_metrics: CapsuleMetricsRow;
  capsule_loads: CapsuleLoadRow;
  capsule_load_history: CapsuleLoadHistoryRow;
}

/** Also of one that is over, for as long as it may be asked for. */
export interface CapsuleRow {
  /** Also of its sandbox. */
  id: string;
  team_id: string;
  status: "pending" | "starting" | "running" | "paused" | "hibernated" | "missing" | "stopped" | "error";
  /** As it was called when the capsule was created. */
  template: string;
  vcpus: number;
  memory_mb: number;
  disk_mb: number;
  /** 0: never. */
  idle_timeout_seconds: number;
  driver: string;
  host_id: string;
  keeps: "frozen" | "saved" | "none";
  created_at: number;
  updated_at: number;
  started_at: number | null;
  last_active_at: number | null;
  reason: string | null;
}

/** A template besides those that drivers have themselves. On its host it goes by its id, so that one of the same name can be made before it is gone. */
export interface CapsuleTemplateRow {
  id: string;
  /** Empty: everybody's. */
  team_id: string;
  name: string;
  kind: "base" | "snapshot";
  driver: string;
  host_id: string;
  vcpus: number | null;
  memory_mb: number | null;
  size_bytes: number;
  created_at: number;
}

/** A capsule on its way to another host; gone with the last thing that is left of it. */
export interface CapsuleMoveRow {
  capsule_id: string;
  /** Also of its blobs. */
  id: string;
  driver: string;
  from_host_id: string;
  to_host_id: string;
  /** See capsules/moving/moving.ts. */
  phase: "sending" | "sent" | "arrived" | "abandoned";
  /** Of the yards that may act on it the one that does. */
  owner: string;
  /** JSON of sandboxes/sandbox-image.ts. */
  image: string;
  begun_at: number;
}

/** What was measured of a capsule that is there, as of when it was last written down. */
export interface CapsuleMetricsRow {
  capsule_id: string;
  /** See capsules/measures/history.ts. */
  points: Uint8Array;
  saved_at: number;
}

/** What a team has running, as the latest samples found it: the same in all of them from the first to the last. */
export interface CapsuleLoadRow {
  team_id: string;
  running: number;
  vcpus: number;
  memory_mb: number;
  first_at: number;
  last_at: number;
}

/** The same, of samples before these. */
export interface CapsuleLoadHistoryRow extends CapsuleLoadRow {}
