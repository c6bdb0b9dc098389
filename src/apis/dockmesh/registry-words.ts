/** Registries of images in Dockmesh's words. */
import { type Static, Type } from "typebox";
import type { Registry, RegistryInput } from "../../containers/registries/registry.ts";
import { requireHostTags } from "../../identity/host-tags.ts";
import { scopeToWire, Timestamp, timeToWire } from "./account-words.ts";

const ScopeTags = Type.Array(Type.String(), {
  maxItems: 1_000,
  description: "Hosts that have one of these tags may use the credentials; without any, all may",
});

export const WireRegistry = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  url: Type.String({ description: "Without scheme, as in images' names" }),
  username: Type.Optional(Type.String()),
  has_password: Type.Boolean({ description: "The password itself is never shown" }),
  scope_tags: Type.Optional(ScopeTags),
  last_tested_at: Type.Optional(Timestamp),
  last_test_ok: Type.Optional(Type.Boolean()),
  last_test_error: Type.Optional(Type.String()),
  created_at: Timestamp,
  updated_at: Timestamp,
});

export const WireRegistryInput = Type.Object({
  name: Type.String(),
  url: Type.String(),
  username: Type.Optional(Type.String()),
  password: Type.Optional(
    Type.String({ format: "password", description: "Left out or empty: the one that is kept stays" }),
  ),
  clear_password: Type.Optional(Type.Boolean({ description: "Forgets the password, whatever else is given" })),
  scope_tags: Type.Optional(ScopeTags),
});

/** @throws {YardError} invalid */
export function registryFromWire(wire: Static<typeof WireRegistryInput>): RegistryInput {
  const { name, url, username, password, clear_password: clearPassword, scope_tags: tags } = wire;
  return { ...{ name, url, username, password, clearPassword }, hostTags: tags && requireHostTags(tags) };
}

export function registryToWire(registry: Registry): Static<typeof WireRegistry> {
  const { id, name, url, username, hasPassword: has_password, hostTags, lastTest } = registry;
  return {
    ...{ id, name, url, has_password, ...scopeToWire(hostTags) },
    ...(username !== "" && { username }),
    ...(lastTest && { last_tested_at: timeToWire(lastTest.at), last_test_ok: lastTest.error === undefined }),
    ...(lastTest?.error !== undefined && { last_test_error: lastTest.error }),
    ...{ created_at: timeToWire(registry.createdAt), updated_at: timeToWire(registry.updatedAt) },
  };
}
