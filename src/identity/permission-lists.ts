/** Lists of permission names, as roles and API keys store them: JSON text. */
import { Type } from "typebox";
import { Value } from "typebox/value";
import { YardError } from "../platform/errors.ts";

const PermissionList = Type.Array(Type.String());
const maxPermissions = 512;
const namePattern = /^[^\p{C}\p{Z}]{1,128}$/u;

export function parsePermissions(json: string): readonly string[] {
  return Value.Parse(PermissionList, JSON.parse(json));
}

/** Names that no part of the yard knows are kept: an API, or a later version, may know them. @throws {YardError} invalid */
export function formatPermissions(names: readonly string[]): string {
  const field = "permissions";
  if (names.length > maxPermissions)
    throw new YardError("invalid", `At most ${maxPermissions} permissions are allowed.`, { field });
  const wrong = names.find((name) => !namePattern.test(name));
  if (wrong !== undefined)
    throw new YardError("invalid", `${JSON.stringify(wrong.slice(0, 80))} is no permission name.`, { field });
  return JSON.stringify([...new Set(names)].sort());
}
