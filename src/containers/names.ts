/** What things of an engine may be called in a request. It becomes part of a path of the engine's API, so nothing else gets there. */
import { YardError } from "../platform/errors.ts";

/** As engines allow it for volumes; what an operator calls a network is seldom anything else. */
const name = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/;

/** @param field the input that holds it   @throws {YardError} invalid */
export function requireName(text: string, field: string): void {
  if (name.test(text)) return;
  const message = "must be a name: a letter or digit, and then letters, digits and _ . - (at most 255 characters)";
  throw new YardError("invalid", message, { field });
}
