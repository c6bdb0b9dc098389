/** Hosts, and by what their agents show who they are. */

export interface HostTables {
  hosts: HostRow;
  host_tags: HostTagRow;
  host_registrations: HostRegistrationRow;
  host_refresh_tokens: HostRefreshTokenRow;
  host_certificates: HostCertificateRow;
}

export interface HostRow {
  /** Of the local host of a yard: that of the yard's data directory. */
  id: string;
  /** For people. */
  name: string;
  /** Everybody's, or one team's own. */
  kind: "regular" | "byoc";
  /** Of a team's own. */
  team_id: string | null;
  provider: string | null;
  zone: string | null;
  /** What the machine has, as its agent said last. */
  arch: string | null;
  cpu_cores: number | null;
  memory_mb: number | null;
  disk_mb: number | null;
  os: string | null;
  /** As the machine calls itself. */
  hostname: string | null;
  agent_version: string | null;
  docker_version: string | null;
  /** Where its agent was seen last, or says that it is. */
  address: string | null;
  status: "pending" | "online" | "unreachable";
  /** Since when it has been quiet. */
  heartbeat_at: number | null;
  /** 1: the yard of the same id runs on it. */
  is_local: number;
  /** Raised to make every token of its agent invalid. */
  token_epoch: number;
  /** The yard that its agent is connected to, or was last. */
  yard_id: string | null;
  /** Counts its agent's connections: of two, the one with the higher number is the one. */
  link: number;
  /** The user who made it; null for a yard's own. */
  created_by: string | null;
  created_at: number;
  updated_at: number;
}

export interface HostTagRow {
  host_id: string;
  tag: string;
}

/** A token that lets a machine become this host, once. */
export interface HostRegistrationRow {
  /** Hex SHA-256 of the token. */
  hash: string;
  host_id: string;
  /** What the machine gets for it: tokens, or a certificate. */
  purpose: "token" | "certificate";
  created_at: number;
  expires_at: number;
}

/** What an agent shows who it is by, where that is a certificate. Kept when the host is removed. */
export interface HostCertificateRow {
  /** Hex SHA-256 of the DER. */
  fingerprint: string;
  host_id: string;
  created_at: number;
  expires_at: number;
  revoked_at: number | null;
}

export interface HostRefreshTokenRow {
  /** Hex SHA-256 of the token. */
  hash: string;
  host_id: string;
  created_at: number;
  expires_at: number;
  used_at: number | null;
  /** Hex SHA-256 of what the agent that used it called this use: it may ask again by the same name. */
  use_hash: string | null;
}
