/** What stacks and their environments may be called. Names become directories, containers and labels: they are checked before anything else is done with them. */
import { YardError } from "../../platform/errors.ts";

const stackName = /^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/;
const reserved = ["dockmesh", "agent", "system", "api", "admin", "config"];
const environmentName = /^[a-z0-9][a-z0-9_-]{0,62}$/;

export function isStackName(name: string): boolean {
  return stackName.test(name) && !reserved.includes(name);
}

/** @throws {YardError} invalid */
export function requireStackName(name: string): void {
  if (isStackName(name)) return;
  const why = reserved.includes(name)
    ? `the name ${name} is taken by the server itself; choose another one`
    : "a stack's name has 2 to 63 characters: small letters, digits and -, with a letter or digit at both ends";
  throw new YardError("invalid", why, { field: "name" });
}

export function isEnvironmentName(name: string): boolean {
  return environmentName.test(name);
}
