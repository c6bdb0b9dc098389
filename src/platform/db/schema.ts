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
