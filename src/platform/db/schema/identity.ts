/** Users, teams, their credentials and what they did. */
import type { Generated } from "kysely";

export interface IdentityTables {
  users: UserRow;
  teams: TeamRow;
  team_members: TeamMemberRow;
  roles: RoleRow;
  user_roles: UserRoleRow;
  sessions: SessionRow;
  refresh_tokens: RefreshTokenRow;
  user_links: UserLinkRow;
  api_keys: ApiKeyRow;
  api_key_numbers: ApiKeyNumberRow;
  login_challenges: LoginChallengeRow;
  login_failures: LoginFailureRow;
  recovery_codes: RecoveryCodeRow;
  tickets: TicketRow;
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
  /** How many teams the user may have made, the personal one included; null: the default. */
  team_quota: Generated<number | null>;
  /** 1: locked, and deleted as far as is shown by APIs whose deleted users keep all they have. */
  is_retired: Generated<number>;
  /** JSON array: held to hosts that have one of these tags; null: to none. */
  host_tags: Generated<string | null>;
  /** The `email_key` of which an administrator, or who has verified it, says that it is this user's. */
  vouched_email_key: Generated<string | null>;
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
  /** What it is shown as, also by several teams; null: its name. */
  display_name: Generated<string | null>;
  /** 1: its capsules run on hosts of its own alone. */
  is_byoc: Generated<number>;
}

export interface TeamMemberRow {
  team_id: string;
  user_id: string;
  role: "owner" | "admin" | "member" | "viewer";
  /** Null for those who were there before this was kept. */
  joined_at: Generated<number | null>;
}

export interface RoleRow {
  name: string;
  /** What it is shown as; null: its name. */
  display_name: Generated<string | null>;
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
  /** What the client calls itself. */
  user_agent: Generated<string | null>;
  created_at: number;
  /** Moves on with each refresh where the session has a limit to its idleness. */
  expires_at: number;
  /** How long it may go without a refresh, in milliseconds; null: until it expires. */
  idle_ms: Generated<number | null>;
  /** What no refresh moves `expires_at` beyond; null: nothing moves it. */
  ends_at: Generated<number | null>;
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

/** Whom another service vouches for: a login there is one here. */
export interface UserLinkRow {
  /** The service's name, a colon, and the user's id there. */
  subject: string;
  user_id: string;
  created_at: number;
  /** The role that the user holds because the service says so. */
  granted_role: Generated<string | null>;
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
  /** At most what this role grants of the user's permissions; null: all of them. */
  role_name: Generated<string | null>;
  created_at: number;
  expires_at: number | null;
  last_used_at: number | null;
  /** Kept as seldom as the time. */
  last_used_address: Generated<string | null>;
  revoked_at: number | null;
}

/** What keys are called where ids are numbers. */
export interface ApiKeyNumberRow {
  /** Counts up over all keys; never given twice. */
  number: Generated<number>;
  key_id: string;
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

/** A code that logs in once in place of one of the authenticator app's. */
export interface RecoveryCodeRow {
  user_id: string;
  /** Hex HMAC of the code. */
  hash: string;
}

/** What stands for a credential once, for a short while. */
export interface TicketRow {
  /** Hex SHA-256 of the ticket. */
  hash: string;
  user_id: string;
  /** JSON: whose session or key it was made with, and what that could do. */
  holder: string;
  expires_at: number;
}

/** A team that is no more, and that other parts may still keep things of. Gone when these are. */
export interface RemovedTeamRow {
  team_id: string;
  removed_at: number;
}
