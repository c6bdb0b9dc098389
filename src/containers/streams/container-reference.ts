/** What a container may be called in a request. It becomes part of a path of the engine's API, so nothing else gets there. */
import { YardError } from "../../platform/errors.ts";

/** Ids, their beginnings, and names, as the engine allows them. */
const reference = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/;

export function isContainerReference(text: string): boolean {
  return reference.test(text);
}

/** @throws {YardError} not_found: no container is called like this */
export function requireContainerReference(text: string): void {
  if (!isContainerReference(text)) throw new YardError("not_found", "There is no such container.");
}
