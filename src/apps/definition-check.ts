/** What a definition must fulfil before it is kept, so that nothing is saved that could never start. Whether program and directory exist is
 *  seen at the start: they may come and go. */
import { YardError } from "../platform/errors.ts";
import type { AppDefinition } from "./app.ts";

/** A definition travels to the agent and lies in its journal. */
const largestDefinitionBytes = 1024 * 1024;
const mostOutputs = 100;
const highestExitCode = 255;

/** @throws {YardError} invalid or too_large, with the field */
export function checkDefinition(definition: AppDefinition): void {
  const { argv, env, secretEnv, exit, keepOutputs, limits, workingDirectory } = definition;
  if (!argv[0]) refuse("argv", "names no program");
  if (argv.some(holdsNul)) refuse("argv", "holds a NUL byte, which no process can be given");
  if (workingDirectory !== undefined && holdsNul(workingDirectory)) refuse("workingDirectory", "holds a NUL byte");
  checkVariables("env", env);
  checkVariables("secretEnv", secretEnv);
  for (const code of Object.keys(exit.byCode)) {
    if (!/^\d{1,3}$/.test(code) || Number(code) > highestExitCode) {
      refuse("exit.byCode", `${JSON.stringify(code)} is no exit code (0 to ${highestExitCode})`);
    }
  }
  if (!Number.isInteger(keepOutputs) || keepOutputs < 0 || keepOutputs > mostOutputs) {
    refuse("keepOutputs", `is not between 0 and ${mostOutputs}`);
  }
  for (const [name, value] of Object.entries(limits ?? {})) {
    if (!Number.isFinite(value) || value <= 0) refuse(`limits.${name}`, "is not a number above 0");
  }
  if (Buffer.byteLength(JSON.stringify(definition)) > largestDefinitionBytes) {
    throw new YardError("too_large", `the app's definition is larger than ${largestDefinitionBytes} bytes`);
  }
}

function checkVariables(field: string, variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (name === "" || name.includes("=") || holdsNul(name)) {
      refuse(field, `${JSON.stringify(name)} is no name for an environment variable`);
    }
    if (holdsNul(value)) refuse(`${field}.${name}`, "holds a NUL byte");
  }
}

function holdsNul(text: string): boolean {
  return text.includes("\0");
}

function refuse(field: string, fault: string): never {
  throw new YardError("invalid", `the app's ${field} ${fault}`, { field });
}
