/** OpenID providers in Dockmesh's words. */
import { type Static, Type } from "typebox";
import type { OpenIdProvider, OpenIdProviderInput } from "../../identity/openid/openid.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import { ScopeTags, Timestamp, timeToWire } from "./account-words.ts";

const Url = Type.String({ format: "uri" });
const groupText = "whoever is in it, by the claim";

export const WireOidcProvider = Type.Object({
  id: Type.Integer(),
  slug: Type.String({ description: "As in the paths that browsers go" }),
  display_name: Type.String(),
  issuer_url: Url,
  client_id: Type.String(),
  scopes: Type.Optional(Type.String()),
  group_claim: Type.Optional(Type.String()),
  admin_group: Type.Optional(Type.String()),
  operator_group: Type.Optional(Type.String()),
  default_role: Type.String(),
  default_scope_tags: Type.Optional(ScopeTags),
  enabled: Type.Boolean(),
  created_at: Type.Optional(Timestamp),
  updated_at: Type.Optional(Timestamp),
});

export const WireOidcProviderInput = Type.Object({
  slug: Type.String(),
  display_name: Type.String(),
  issuer_url: Url,
  client_id: Type.String(),
  client_secret: Type.Optional(
    Type.String({ format: "password", description: "Never shown. Left out or empty: the one that is kept stays" }),
  ),
  scopes: Type.Optional(
    Type.String({ description: "With spaces or commas between them; empty: openid, profile and email" }),
  ),
  group_claim: Type.Optional(Type.String({ description: "What lists a user's groups, mostly `groups`" })),
  admin_group: Type.Optional(Type.String({ description: `An administrator is ${groupText}` })),
  operator_group: Type.Optional(Type.String({ description: `An operator is ${groupText}` })),
  default_role: Type.String({ description: "Of everybody else whom the provider knows" }),
  default_scope_tags: Type.Optional(ScopeTags),
  enabled: Type.Optional(Type.Boolean({ description: "True in a new one, if left out" })),
});

export function oidcProviderToWire(provider: OpenIdProvider): Static<typeof WireOidcProvider> {
  const { id, slug, displayName, issuer, clientId, scopes, groupClaim, adminGroup, operatorGroup } = provider;
  return {
    ...{ id, slug, display_name: displayName, issuer_url: issuer, client_id: clientId, scopes },
    ...{ group_claim: groupClaim, admin_group: adminGroup, operator_group: operatorGroup },
    ...{ default_role: provider.defaultRole, default_scope_tags: [...provider.hostTags], enabled: provider.isEnabled },
    ...{ created_at: timeToWire(provider.createdAt), updated_at: timeToWire(provider.updatedAt) },
  };
}

export function oidcProviderFromWire(wire: Static<typeof WireOidcProviderInput>): OpenIdProviderInput {
  const { slug, scopes } = wire;
  return {
    ...{ slug, scopes, displayName: wire.display_name, issuer: wire.issuer_url, clientId: wire.client_id },
    ...{ clientSecret: wire.client_secret, groupClaim: wire.group_claim, adminGroup: wire.admin_group },
    ...{ operatorGroup: wire.operator_group, defaultRole: wire.default_role, hostTags: wire.default_scope_tags },
    isEnabled: wire.enabled,
  };
}

const wireFields: Readonly<Record<string, string>> = {
  ...{ displayName: "display_name", issuer: "issuer_url", clientId: "client_id", clientSecret: "client_secret" },
  ...{ groupClaim: "group_claim", adminGroup: "admin_group", operatorGroup: "operator_group" },
  ...{ defaultRole: "default_role", hostTags: "default_scope_tags" },
};

/** What is refused of a provider, by the names that fields have here. */
export async function inOidcFields<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const field = isYardError(error) && error.field !== undefined ? wireFields[error.field] : undefined;
    if (!isYardError(error) || field === undefined) throw error;
    throw new YardError(error.code, error.message, { field, cause: error });
  }
}
