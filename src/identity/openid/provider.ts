/** An OpenID provider as administrators see it, and as they change it: the client's secret goes in, and never out. */
import type { Selectable } from "kysely";
import type { OpenIdProviderRow } from "../../platform/db/schema.ts";
import { YardError } from "../../platform/errors.ts";
import { parseHostTags, requireHostTags } from "../host-tags.ts";
import { requireRoleName } from "../names.ts";
import { requireIssuer } from "./issuer.ts";

export interface OpenIdProvider {
  readonly id: number;
  /** What it is called in paths. */
  readonly slug: string;
  readonly displayName: string;
  /** A URL, without what follows it where its discovery document is. */
  readonly issuer: string;
  readonly clientId: string;
  /** With a space between two; `openid` is among them. */
  readonly scopes: string;
  /** The claim that names a user's groups; empty: none does. */
  readonly groupClaim: string;
  /** Empty: no group makes administrators. */
  readonly adminGroup: string;
  readonly operatorGroup: string;
  readonly defaultRole: string;
  /** What users who are new are held to: see `User.hostTags`. */
  readonly hostTags: readonly string[];
  readonly isEnabled: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What is absent is as usual in a new provider, and stays in one that is changed. */
export interface OpenIdProviderInput
  extends Pick<OpenIdProvider, "slug" | "displayName" | "issuer" | "clientId" | "defaultRole">,
    Partial<Pick<OpenIdProvider, "scopes" | "groupClaim" | "adminGroup" | "operatorGroup" | "hostTags" | "isEnabled">> {
  /** Empty is as absent. */
  readonly clientSecret?: string;
}

/** In the form in which it is kept. */
export interface SoundProvider extends Omit<OpenIdProvider, "id" | "createdAt" | "updatedAt"> {
  readonly clientSecret: string;
}

export function providerOf(row: Selectable<OpenIdProviderRow>): OpenIdProvider {
  return {
    ...{ id: row.id, slug: row.slug, displayName: row.display_name, issuer: row.issuer, clientId: row.client_id },
    ...{ scopes: row.scopes, groupClaim: row.group_claim, adminGroup: row.admin_group },
    ...{ operatorGroup: row.operator_group, defaultRole: row.default_role, hostTags: parseHostTags(row.host_tags) },
    ...{ isEnabled: row.is_enabled === 1, createdAt: row.created_at, updatedAt: row.updated_at },
  };
}

const usualProvider = {
  ...{ scopes: "openid profile email", groupClaim: "", adminGroup: "", operatorGroup: "" },
  ...{ hostTags: [], isEnabled: true },
} as const;

/** @param before what is changed; absent for a new one @throws {YardError} invalid, with the field */
export function requireSoundProvider(input: OpenIdProviderInput, before?: OpenIdProvider): SoundProvider {
  const given = { ...usualProvider, ...before, ...withoutAbsent(input) };
  const sound = {
    slug: requireSlug(given.slug),
    displayName: requireLine(given.displayName, "displayName", 128),
    issuer: requireIssuer(given.issuer),
    clientId: requireLine(given.clientId, "clientId", 512),
    clientSecret: requireLine(input.clientSecret ?? "", "clientSecret", 4_096, { mayBeEmpty: true }),
    scopes: requireScopes(given.scopes),
    groupClaim: requireLine(given.groupClaim, "groupClaim", 256, { mayBeEmpty: true }),
    adminGroup: requireLine(given.adminGroup, "adminGroup", 256, { mayBeEmpty: true }),
    operatorGroup: requireLine(given.operatorGroup, "operatorGroup", 256, { mayBeEmpty: true }),
    defaultRole: given.defaultRole,
    hostTags: requireHostTags(given.hostTags),
    isEnabled: given.isEnabled,
  };
  requireRoleName(sound.defaultRole);
  if (sound.groupClaim === "" && sound.adminGroup + sound.operatorGroup !== "")
    throw new YardError("invalid", "Name the claim that holds the groups, mostly `groups`.", { field: "groupClaim" });
  return sound;
}

function withoutAbsent<T extends object>(input: T): T {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as T;
}

function requireSlug(text: string): string {
  const slug = text.trim().toLowerCase();
  if (/^[a-z0-9][a-z0-9-]{0,62}$/.test(slug)) return slug;
  const rule = "Use 1 to 63 letters, digits and dashes, not starting with a dash.";
  throw new YardError("invalid", rule, { field: "slug" });
}

function requireLine(text: string, field: string, most: number, { mayBeEmpty = false } = {}): string {
  const line = text.trim();
  if (line === "" && !mayBeEmpty) throw new YardError("invalid", "must not be empty", { field });
  if (line.length <= most && !/\p{Cc}/u.test(line) && line.isWellFormed()) return line;
  throw new YardError("invalid", `Use at most ${most} characters, in one line.`, { field });
}

const mostScopes = 20;

/** @param text with commas or spaces between two @see RFC 6749, section 3.3, for what a scope is */
function requireScopes(text: string): string {
  const asked = text.split(/[\s,]+/).filter((scope) => scope !== "");
  const scopes = [...new Set(asked.length === 0 ? [usualProvider.scopes] : ["openid", ...asked])];
  const isSound = scopes.length <= mostScopes && asked.every((scope) => /^[!#-[\]-~]{1,256}$/.test(scope));
  if (isSound) return scopes.join(" ");
  const rule = `Use at most ${mostScopes} scopes, with spaces or commas between them.`;
  throw new YardError("invalid", rule, { field: "scopes" });
}
