/** Ids name files, control groups and marks, so they are held to letters that mean nothing anywhere. */
import { YardError } from "../../platform/errors.ts";

const pattern = /^[A-Za-z0-9_.-]{1,64}$/;

/** @throws {YardError} invalid */
export function assertId(id: string, what: string): void {
  if (pattern.test(id)) return;
  const message = `${JSON.stringify(id)} cannot be the id of a ${what}: 1 to 64 letters, digits, "_", "-" or "." are.`;
  throw new YardError("invalid", message, { field: "id" });
}
