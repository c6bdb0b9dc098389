/** Signing in by OpenID providers. */
import type { Generated } from "kysely";

export interface OpenIdTables {
  openid_providers: OpenIdProviderRow;
  openid_used_states: OpenIdUsedStateRow;
}

export interface OpenIdProviderRow {
  id: Generated<number>;
  /** What it is called in paths. */
  slug: string;
  display_name: string;
  /** A URL, as the administrator has written it. */
  issuer: string;
  client_id: string;
  /** Null: the yard is a public client there. */
  sealed_secret: string | null;
  /** With a space between two. */
  scopes: string;
  /** The claim that names a user's groups; empty: none does. */
  group_claim: string;
  /** Empty: no group makes administrators. */
  admin_group: string;
  operator_group: string;
  default_role: string;
  /** JSON: see `UserRow.host_tags`, of users who are new. */
  host_tags: string | null;
  is_enabled: number;
  created_at: number;
  updated_at: number;
}

/** A sign-in that was completed, as long as its state would still be taken. */
export interface OpenIdUsedStateRow {
  /** Hex SHA-256 of the state. */
  hash: string;
  expires_at: number;
}
