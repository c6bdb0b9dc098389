/** Versioned file trees. */
import type { Generated } from "kysely";

export interface SnapshotTables {
  snapshot_packs: SnapshotPackRow;
  snapshot_objects: SnapshotObjectRow;
  snapshot_roots: SnapshotRootRow;
  snapshot_labels: SnapshotLabelRow;
  snapshot_moves: SnapshotMoveRow;
}

/** A blob that holds many objects of snapshots. Collected when it holds none in use. */
export interface SnapshotPackRow {
  id: string;
  /** `announced`: its blob is being written, or was left behind. */
  state: "announced" | "stored";
  /** Of the blob. */
  bytes: number;
  /** Of its objects, before compression. */
  size: number;
  created_at: number;
}

export interface SnapshotObjectRow {
  /** Hex SHA-256. */
  id: string;
  pack_id: string;
  /** Of the frame that holds it, in the pack; and that frame's length. */
  position: number;
  bytes: number;
  /** Of the object, before compression. */
  size: number;
}

/** A snapshot that a team may read. Forgotten when unused for long; everything that a row reaches is stored. */
export interface SnapshotRootRow {
  seq: Generated<number>;
  team_id: string;
  id: string;
  created_at: number;
  used_at: number;
}

export interface SnapshotLabelRow {
  team_id: string;
  name: string;
  head: string;
  updated_at: number;
}

/** The log of a label. Its store keeps the newest of each. */
export interface SnapshotMoveRow {
  seq: Generated<number>;
  team_id: string;
  label: string;
  at: number;
  from_id: string | null;
  to_id: string;
  operation: "create" | "push" | "reset";
  message: string | null;
}
