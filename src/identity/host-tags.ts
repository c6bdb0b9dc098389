/** The hosts that a user is held to, by tags: as they are given, stored and compared. */
import { Type } from "typebox";
import { Value } from "typebox/value";
import { YardError } from "../platform/errors.ts";

const HostTags = Type.Array(Type.String());
const tagPattern = /^[a-z0-9][a-z0-9-]{0,31}$/;
/** Of a user, or of a host. */
export const maxHostTags = 20;

export function parseHostTags(json: string | null): readonly string[] {
  return json === null ? [] : Value.Parse(HostTags, JSON.parse(json));
}

/** In small letters. @throws {YardError} invalid */
export function requireHostTag(given: string, field = "hostTags"): string {
  const tag = given.trim().toLowerCase();
  if (tagPattern.test(tag)) return tag;
  const rule = "use 1 to 32 letters, digits and dashes, not starting with a dash";
  throw new YardError("invalid", `${JSON.stringify(tag.slice(0, 80))} is no tag: ${rule}.`, { field });
}

/** In small letters, in order, each once. @throws {YardError} invalid */
export function requireHostTags(given: readonly string[]): readonly string[] {
  const tags = [...new Set(given.map((tag) => requireHostTag(tag)))].sort();
  if (tags.length > maxHostTags)
    throw new YardError("invalid", `A user has at most ${maxHostTags} tags; these are ${tags.length}.`, {
      field: "hostTags",
    });
  return tags;
}

/** @param tags as `requireHostTags` gives them */
export function formatHostTags(tags: readonly string[]): string | null {
  return tags.length === 0 ? null : JSON.stringify(tags);
}

/** Whether whoever is held to `inner` reaches no host that is out of reach for `outer`. */
export function isWithinTags(inner: readonly string[], outer: readonly string[]): boolean {
  return outer.length === 0 || (inner.length > 0 && inner.every((tag) => outer.includes(tag)));
}
