/** Names that Mitosis gives: users and groups share them. The yard allows fewer characters in a row, and does not tell upper from lower case. */
import { YardError } from "../../platform/errors.ts";

const pattern = /^[A-Za-z0-9_-]{1,255}$/;

/** @throws {YardError} invalid */
export function requireNewName(name: string, field: string): void {
  if (pattern.test(name)) return;
  const shown = JSON.stringify(name.slice(0, 80));
  throw new YardError("invalid", `${shown} is no name: use 1 to 64 letters, digits, - or _.`, { field });
}
