/** What users, teams and roles may be called, and the limits of their other fields. */
import { YardError } from "../platform/errors.ts";

/** Names appear in URLs, file names and command lines: so no slash, space, control character or leading dash, and no name that is only
 *  dots. `self` means "whoever asks" in the APIs. */
const namePattern = /^(?!\.+$)[A-Za-z0-9_.@][A-Za-z0-9_.@-]{0,63}$/;
const rolePattern = /^[^\p{C}\p{Z}/\\][^\p{C}/\\]{0,63}$/u;
const emailPattern = /^[^\s@\p{C}]{1,64}@[^\s@\p{C}]{1,190}$/u;

/** How names and e-mail addresses are compared: without regard to case. */
export function nameKey(name: string): string {
  return name.normalize("NFC").toLowerCase();
}

/** Whether a user or team could have this name at all. */
export function isName(name: string): boolean {
  return namePattern.test(name) && nameKey(name) !== "self";
}

export function requireUsername(name: string, field = "username"): void {
  if (isName(name)) return;
  const rule = "1 to 64 letters, digits or _ - . @, not starting with a dash, and not `self`";
  throw new YardError("invalid", `${JSON.stringify(name.slice(0, 80))} is no ${field}: use ${rule}.`, { field });
}

export function requireTeamName(name: string): void {
  requireUsername(name, "team");
}

export function requireRoleName(name: string): void {
  if (rolePattern.test(name)) return;
  const shown = JSON.stringify(name.slice(0, 80));
  throw new YardError("invalid", `${shown} is no role name: use 1 to 64 visible characters without slashes.`, {
    field: "role",
  });
}

export function requireEmail(email: string): void {
  if (emailPattern.test(email)) return;
  throw new YardError("invalid", `${JSON.stringify(email.slice(0, 80))} is no e-mail address.`, { field: "email" });
}

/** `min` is what holds as long as nobody has set another: see account-policy.ts. */
export const passwordLimits = { min: 6, max: 1_024 } as const;

/** Of the MD5 of a password. */
export function requireDigest(digest: string): void {
  if (/^[0-9a-f]{32}$/i.test(digest)) return;
  throw new YardError("invalid", "The MD5 of a password has 32 hex digits.", { field: "digest" });
}

/** Refuses a text longer than `max` characters or with a NUL, which PostgreSQL can't store. */
export function requireText(text: string, field: string, max: number): void {
  if (text.length > max)
    throw new YardError("invalid", `${field} has ${text.length} characters, at most ${max} are allowed.`, { field });
  if (text.includes("\0")) throw new YardError("invalid", `${field} holds a NUL character. Remove it.`, { field });
}

export function requireAtMost(list: readonly unknown[], field: string, max: number): void {
  if (list.length > max)
    throw new YardError("invalid", `${field} has ${list.length} entries, at most ${max} are allowed.`, { field });
}
