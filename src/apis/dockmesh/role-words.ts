/** Roles in Dockmesh's words. Here a user has one role, in the yard any number: shown, and replaced, is the first of them in the order of this API's list. */
import type { Role } from "../../identity/identity.ts";
import { adminRole } from "../../identity/roles.ts";
import { YardError } from "../../platform/errors.ts";
import { everybodysPermissions, type WirePermission, wirePermissions } from "./permissions.ts";

/** Those that clients know by name, and that nobody changes here. */
const builtins: readonly string[] = ["admin", "operator", "viewer"];
const everything = "*";
const names = Object.keys(wirePermissions) as WirePermission[];

export interface WireRole {
  readonly name: string;
  readonly display: string;
  readonly builtin: boolean;
  readonly permissions: WirePermission[];
}

export function roleToWire({ name, displayName: display, permissions }: Role): WireRole {
  return { name, display, builtin: isBuiltin(name), permissions: permissionsToWire(permissions) };
}

export function isBuiltin(name: string): boolean {
  return builtins.includes(name);
}

/** The built-in ones first, the others by name. */
export function inOrder(roles: readonly Role[]): readonly Role[] {
  const first = builtins.flatMap((name) => roles.filter((role) => role.name === name));
  return [...first, ...roles.filter(({ name }) => !isBuiltin(name))];
}

/** Those that are held as a whole. */
function permissionsToWire(held: readonly string[]): WirePermission[] {
  if (held.includes(everything)) return [...names];
  return names.filter((name) => wirePermissions[name].grants.every((one) => held.includes(one)));
}

/** What a role holds after a change here: what this API has no name for stays as it was, and is what everybody may do in a new one.
 *  @throws {YardError} invalid */
export function permissionsFromWire(
  asked: readonly string[],
  held: readonly string[] = everybodysPermissions,
): readonly string[] {
  const unknown = asked.find((name) => !(names as readonly string[]).includes(name));
  if (unknown !== undefined) {
    const message = `there is no permission ${JSON.stringify(unknown.slice(0, 80))}; GET /roles/permissions lists them`;
    throw new YardError("invalid", message, { field: "permissions" });
  }
  const grantsOf = (shown: readonly string[]) =>
    new Set<string>(shown.flatMap((name) => wirePermissions[name as WirePermission].grants));
  const before = grantsOf(permissionsToWire(held));
  return [...new Set([...held.filter((one) => !before.has(one)), ...grantsOf(asked)])];
}

/** @param held names of roles @param roles all there are @returns "" for somebody without any that exists */
export function shownRole(held: readonly string[], roles: readonly Role[]): string {
  const known = inOrder(roles).filter(({ name }) => held.includes(name));
  return known.some(makesAdministrators) ? adminRole : (known[0]?.name ?? "");
}

/** What a user holds once the shown role is replaced: an administrator is none any more. */
export function withRole(held: readonly string[], roles: readonly Role[], role: string): readonly string[] {
  const shown = shownRole(held, roles);
  if (role === shown) return held;
  const gone = new Set(shown === adminRole ? roles.filter(makesAdministrators).map(({ name }) => name) : [shown]);
  return [...new Set([...held.filter((name) => !gone.has(name)), role])];
}

/** @throws {YardError} invalid */
export function requireRole(name: string, roles: readonly Role[]): void {
  if (roles.some((role) => role.name === name)) return;
  throw new YardError("invalid", `there is no role ${JSON.stringify(name.slice(0, 80))}`, { field: "role" });
}

function makesAdministrators({ permissions }: Role): boolean {
  return permissions.includes(everything);
}
