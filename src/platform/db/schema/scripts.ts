/** Scripts: executions, what they printed, saved memory, imported modules. */
import type { Generated } from "kysely";

export interface ScriptTables {
  executions: ExecutionRow;
  execution_output: ExecutionOutputRow;
  heaps: HeapRow;
  heap_tags: HeapTagRow;
  heap_packs: HeapPackRow;
  heap_uses: HeapUseRow;
  heap_blobs: HeapBlobRow;
  script_steps: ScriptStepRow;
  script_sessions: ScriptSessionRow;
  script_modules: ScriptModuleRow;
}

/** One run of a script. Retention is its store's: by age, and by number for each team. */
export interface ExecutionRow {
  /** UUID v4. */
  id: string;
  /** No foreign key: open access owns executions, too, and is no team. */
  team_id: string;
  status: "running" | "completed" | "failed" | "timed_out" | "cancelled";
  created_at: number;
  /** Null as long as it waits or runs. */
  ended_at: number | null;
  /** How long it waited for an engine, and how long it ran, in milliseconds. */
  queued_ms: number | null;
  run_ms: number | null;
  error: string | null;
  /** JSON of the script's final value. */
  result: string | null;
  /** JSON array of texts: what JSON cannot express of that value. */
  lost: string | null;
  session: string | null;
  heap_in: string | null;
  heap_out: string | null;
  fs_out: string | null;
  /** The yard that runs it. */
  instance_id: string | null;
  /** That yard is to cancel it. */
  cancel_requested_at: number | null;
}

/** What an execution has printed, in pieces, each with where it lies in the whole. */
export interface ExecutionOutputRow {
  execution_id: string;
  /** Of the first byte. */
  position: number;
  size: number;
  /** Line feeds in front of `position`, and in the piece. */
  lines_before: number;
  lines: number;
  /** 1: the last byte is no line feed. */
  is_open: number;
  bytes: Uint8Array;
}

/** A saved memory that a team may resume. All packs that it is read from are there, as long as it is. */
export interface HeapRow {
  seq: Generated<number>;
  team_id: string;
  /** Hex SHA-256 of its content. */
  id: string;
  /** Its own: the one that tells where its pages are. */
  pack_id: string;
  created_at: number;
  /** Within an hour. */
  used_at: number;
}

/** What heaps consist of. Never changes, and goes with the last heap that is read from it. */
export interface HeapPackRow {
  /** Random: no name is used twice. */
  id: string;
  /** Null: it is large, and a blob. */
  bytes: Uint8Array | null;
}

/** A pack that a heap is read from. */
export interface HeapUseRow {
  heap_seq: number;
  pack_id: string;
}

/** A blob that belongs to no pack: it is being written, or is to be deleted. */
export interface HeapBlobRow {
  pack_id: string;
  since: number;
  /** 1: it is to be deleted. */
  is_doomed: number;
}

export interface HeapTagRow {
  team_id: string;
  heap_id: string;
  key: string;
  value: string;
}

/** The log of a session: its completed runs. The newest one's heap is what the next run resumes. Its store keeps the newest of each. */
export interface ScriptStepRow {
  seq: Generated<number>;
  team_id: string;
  session: string;
  execution_id: string;
  at: number;
  heap_in: string | null;
  heap_out: string | null;
  fs_out: string | null;
  /** The source, its beginning if it is long. */
  source: string;
}

/** A session, for as long as it has steps. */
export interface ScriptSessionRow {
  team_id: string;
  name: string;
  /** Its number in `script_steps`. */
  newest_step: number;
  used_at: number;
}

/** A module that a script has imported: what an address led to at some time. */
export interface ScriptModuleRow {
  /** Of the address as it was asked for, which may be longer than what an index takes. */
  url_sha256: string;
  /** Of its content, which is a blob. */
  sha256: string;
  /** Its address after all redirects. */
  found_at: string;
  is_json: number;
  bytes: number;
  fetched_at: number;
  used_at: number;
}
