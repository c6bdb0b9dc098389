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
  instances: InstanceRow;
  tasks: TaskRow;
  ended_tasks: EndedTaskRow;
  task_labels: TaskLabelRow;
  task_queues: TaskQueueRow;
  task_queue_tags: TaskQueueTagRow;
  task_counters: TaskCounterRow;
  task_submissions: TaskSubmissionRow;
  task_workers: TaskWorkerRow;
  task_worker_teams: TaskWorkerTeamRow;
  script_modules: ScriptModuleRow;
  stored_files: StoredFileRow;
  file_uploads: FileUploadRow;
  doomed_blobs: DoomedBlobRow;
  team_usage: TeamUsageRow;
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
  /** How many teams the user may have made, the personal one included; null: the default. */
  team_quota: Generated<number | null>;
  /** 1: locked, and deleted as far as is shown by APIs whose deleted users keep all they have. */
  is_retired: Generated<number>;
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
  /** The user who made it; null where nobody knows. */
  created_by: string | null;
  updated_at: number;
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
  /** Whose agent runs it: the id of an instance. Null: it was added before there were hosts to tell apart. */
  host_id: string | null;
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

/** A team that is no more, and that other parts may still keep things of. Gone when these are. */
export interface RemovedTeamRow {
  team_id: string;
  removed_at: number;
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

/** What tasks that are over have in common with those that are not. Ids grow with age; one is never given twice. */
interface AnyTaskRow {
  uuid: string;
  team_id: string;
  /** Counts the tasks of the team. */
  number: number;
  creator_id: string;
  creator_name: string;
  /** Names the tags. */
  queue_id: number;
  priority: number;
  timeout_seconds: number;
  spec: string;
  /** JSON array; the same as in `task_labels`. */
  labels: string;
  attempts: number;
  upstream_uuid: string | null;
  downstream_uuid: string | null;
  created_at: number;
  updated_at: number;
}

/** A task that is not over. The table stays small and its rows change several times; so its indexes are few. */
export interface TaskRow extends AnyTaskRow {
  id: Generated<number>;
  state: "pending" | "ready" | "running" | "finished" | "cancelled";
  /** The worker that holds it: of `running` and, until it has committed, of `finished` and `cancelled`. */
  worker_uuid: string | null;
}

/** A task that is over: moved here from `tasks` in the transaction that ends it, with its id. */
export interface EndedTaskRow extends AnyTaskRow {
  id: number;
  state: "finished" | "cancelled";
  wait_status: number;
  reason: string | null;
  /** The worker that has ended it; null: a user has. */
  reporter_uuid: string | null;
}

/** Of all tasks, to find them by. */
export interface TaskLabelRow {
  team_id: string;
  label: string;
  task_id: number;
}

/** The tasks of one team that ask for the same tags: what one worker may take of them it may take all of. */
export interface TaskQueueRow {
  id: Generated<number>;
  team_id: string;
  /** JSON array, sorted. */
  tags: string;
  /** Grows with each queue that is opened, in the order of their commits; null: nothing of it has been waiting for long. */
  opened: number | null;
  /** Within ten minutes. */
  used_at: number;
}

export interface TaskQueueTagRow {
  team_id: string;
  tag: string;
  queue_id: number;
}

export interface TaskCounterRow {
  team_id: string;
  last_number: number;
}

/** A submit that must not be done twice, by the key that its user gave it. */
export interface TaskSubmissionRow {
  user_id: string;
  key: string;
  /** SHA-256 of what was submitted. */
  digest: string;
  task_uuid: string;
  created_at: number;
}

export interface TaskWorkerRow {
  uuid: string;
  creator_id: string;
  creator_name: string;
  /** SHA-256. */
  credential_hash: string;
  expires_at: number;
  tags: string;
  labels: string;
  state: "normal" | "draining";
  lease_ms: number;
  /** Unless it is heard of before, it is lost then. */
  lease_until: number;
  heard_at: number;
  /** Raised by each change of its tags, teams or state. */
  revision: number;
  created_at: number;
  updated_at: number;
}

export interface TaskWorkerTeamRow {
  worker_uuid: string;
  team_id: string;
  role: "owner" | "admin" | "member" | "viewer";
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

/** An artifact of a task or an attachment of a team: known since somebody wanted to upload it. */
export interface StoredFileRow {
  id: string;
  /** Whose quota it counts against. */
  team_id: string;
  kind: "artifact" | "attachment";
  /** Of what it is: the task's uuid, or the team's id. */
  scope: string;
  /** The kind of artifact, or the attachment's key. */
  name: string;
  /** The largest that was announced. */
  size: number;
  /** Of its content; while there is none, of the upload that was announced last. */
  blob_key: string;
  /** Of its content; null: there is none. */
  bytes: number | null;
  /** When the content arrived. */
  content_at: number;
  /** Until then a URL may be out there by which the content can be put again. */
  writable_until: number;
  /** Of the team's quota: the content, or an upload on its way that is larger. */
  charged_bytes: number;
  created_at: number;
  updated_at: number;
}

/** A URL that was given out, until its content has arrived or can arrive no more. */
export interface FileUploadRow {
  blob_key: string;
  file_id: string;
  team_id: string;
  bytes: number;
  expires_at: number;
  /** 1: it has expired, and holds no quota any more. One that began in time may still arrive. */
  has_lapsed: number;
}

/** Content that nothing leads to. */
export interface DoomedBlobRow {
  blob_key: string;
  /** Until then it may be put once more, and is looked for once more. */
  until: number;
  is_deleted: number;
}

export interface TeamUsageRow {
  team_id: string;
  /** Content that is there. */
  used_bytes: number;
  /** Of the quota: that, and what is on its way. */
  charged_bytes: number;
}
