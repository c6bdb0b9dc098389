/** The one schema of both databases. Times are integer milliseconds since 1970, flags are 0 or 1, JSON is text: so the same
 *  queries run on SQLite and on PostgreSQL. Integers wider than 32 bits are `bigint` columns on PostgreSQL and arrive as numbers.
 *  The tables are made by migrations/; a new table has a checklist in CONTRIBUTING.md. */
import type { Generated } from "kysely";

export interface Schema {
  users: UserRow;
  teams: TeamRow;
  team_members: TeamMemberRow;
  roles: RoleRow;
  user_roles: UserRoleRow;
  sessions: SessionRow;
  refresh_tokens: RefreshTokenRow;
  api_keys: ApiKeyRow;
  login_challenges: LoginChallengeRow;
  login_failures: LoginFailureRow;
  audit_entries: AuditEntryRow;
  events: EventRow;
  settings: SettingRow;
  apps: AppRow;
  labels: LabelRow;
  snapshot_packs: SnapshotPackRow;
  snapshot_objects: SnapshotObjectRow;
  snapshot_roots: SnapshotRootRow;
  snapshot_labels: SnapshotLabelRow;
  snapshot_moves: SnapshotMoveRow;
  executions: ExecutionRow;
  execution_output: ExecutionOutputRow;
  heaps: HeapRow;
  heap_tags: HeapTagRow;
  heap_packs: HeapPackRow;
  heap_uses: HeapUseRow;
  heap_blobs: HeapBlobRow;
  script_steps: ScriptStepRow;
  script_sessions: ScriptSessionRow;
  removed_teams: RemovedTeamRow;
}

export interface UserRow {
  id: string;
  /** As given; unique without regard to case through `username_key`. */
  username: string;
  username_key: string;
  email: string | null;
  email_key: string | null;
  display_name: string;
  state: "active" | "locked" | "deleted";
  /** argon2id in PHC form; null while no password is set. */
  password_hash: string | null;
  /** argon2id over the hex MD5 of the password, for Mitosis' clients. */
  digest_hash: string | null;
  /** AES-256-GCM, see platform/crypto. */
  totp_secret: string | null;
  totp_enabled: number;
  /** The last 30 s step whose code was accepted: none is taken twice. */
  totp_last_step: number;
  /** OS user that this user's apps run as; empty: the agent's own. */
  exec_user: string;
  /** Raised to make every token issued before invalid. */
  token_epoch: number;
  metadata: string | null;
  created_at: number;
  updated_at: number;
}

export interface TeamRow {
  id: string;
  name: string;
  /** The user whose personal team this is. */
  personal_of: string | null;
  storage_quota_bytes: number | null;
  created_at: number;
}

export interface TeamMemberRow {
  team_id: string;
  user_id: string;
  role: "owner" | "admin" | "member" | "viewer";
}

export interface RoleRow {
  name: string;
  /** JSON array of permission names; `*` is all. */
  permissions: string;
  updated_at: number;
}

export interface UserRoleRow {
  user_id: string;
  /** May name a role that does not exist (yet): it grants nothing. */
  role_name: string;
}

export interface SessionRow {
  id: string;
  user_id: string;
  audience: string;
  /** Which API's login made it. */
  api: string;
  remote_address: string | null;
  created_at: number;
  expires_at: number;
  revoked_at: number | null;
}

export interface RefreshTokenRow {
  /** Hex SHA-256 of the token. */
  hash: string;
  /** The family: reuse of a used token revokes the session. */
  session_id: string;
  created_at: number;
  expires_at: number;
  used_at: number | null;
  replaced_by: string | null;
}

export interface ApiKeyRow {
  id: string;
  user_id: string;
  team_id: string | null;
  name: string;
  /** Hex SHA-256 of the key. */
  hash: string;
  /** The first characters, to tell keys apart in a list. */
  prefix: string;
  /** JSON array: at most these of the user's permissions; null: all of them. */
  permissions: string | null;
  created_at: number;
  expires_at: number | null;
  last_used_at: number | null;
  revoked_at: number | null;
}

/** A login that waits for its second step. */
export interface LoginChallengeRow {
  hash: string;
  user_id: string;
  /** JSON: what the login asked for. */
  request: string;
  expires_at: number;
}

export interface LoginFailureRow {
  /** `user:<username key>`. */
  subject: string;
  failures: number;
  first_failed_at: number;
  locked_until: number | null;
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

export interface AppRow {
  id: string;
  name: string;
  owner_id: string | null;
  /** JSON of the definition; secret values encrypted. */
  definition: string;
  enabled: number;
  revision: number;
  created_at: number;
  updated_at: number;
}

/** What people have set; the built-in ones are not here. Bounded by the store. */
export interface LabelRow {
  name: string;
  value: string;
  updated_at: number;
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

/** A team that is no more, and that other parts may still keep things of. Gone when these are. */
export interface RemovedTeamRow {
  team_id: string;
  removed_at: number;
}
