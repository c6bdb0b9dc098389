/** Users as Dockmesh's clients see them. */
import { Type } from "typebox";
import type { Role, User } from "../../identity/identity.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import { shownRole } from "./role-words.ts";

export const ScopeTags = Type.Array(Type.String(), {
  description: "Tags of hosts: only hosts that have one of them are in reach; without any, all are",
});

export const WireUser = Type.Object({
  id: Type.String(),
  username: Type.String(),
  email: Type.Optional(Type.String()),
  role: Type.String(),
  scope_tags: Type.Optional(ScopeTags),
  mfa_enabled: Type.Boolean(),
});

export function userToWire(user: User, roles: readonly Role[]): Type.Static<typeof WireUser> {
  return {
    id: user.id,
    username: user.username,
    ...(user.email && { email: user.email }),
    role: shownRole(user.roles, roles),
    ...scopeToWire(user.hostTags),
    mfa_enabled: user.totpEnabled,
  };
}

/** Left out where nobody is held to anything. */
export function scopeToWire(hostTags: readonly string[] = []): { scope_tags?: string[] } {
  return hostTags.length === 0 ? {} : { scope_tags: [...hostTags] };
}

/** @param ms since 1970 */
export function timeToWire(ms: number): string {
  return new Date(ms).toISOString();
}

export const Timestamp = Type.String({ format: "date-time" });

const wireFields: Readonly<Record<string, string>> = {
  hostTags: "scope_tags",
  roles: "role",
  displayName: "display",
  group: "group_name",
  directory: "local_dir",
  iconUrl: "icon_url",
  filterActions: "filter_actions",
};

/** What the domain refuses, by the names that fields have here. What would leave the yard without an administrator is a conflict. */
export async function inWireFields<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isYardError(error)) throw error;
    const { message, retryAfterMs, field = "", code } = error;
    const options = { field: (wireFields[field] ?? field) || undefined, retryAfterMs, cause: error };
    throw new YardError(code === "precondition" ? "conflict" : code, message, options);
  }
}
