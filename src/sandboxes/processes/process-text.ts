/** What is wrong with a ProcessSpec by itself, whatever sandbox it is for. */
import { YardError } from "../../platform/errors.ts";
import type { ProcessSpec } from "../sandbox.ts";

/** @throws {YardError} invalid, with `field` */
export function assertText({ argv, cwd, env, facts, user }: ProcessSpec): void {
  if (argv.length === 0 || argv[0] === "") throw invalid("argv", "There is no program to run: argv is empty.");
  assertNoNul("argv", ...argv);
  assertNoNul("cwd", cwd);
  assertNoNul("user", user);
  for (const [name, value] of Object.entries({ ...facts, ...env })) {
    if (name === "" || name.includes("=")) throw invalid("env", `"${name}" cannot be the name of a variable.`);
    assertNoNul("env", name, value);
  }
}

/** The C library would take it for the end of the text. */
function assertNoNul(field: string, ...texts: readonly (string | undefined)[]): void {
  if (texts.some((text) => text?.includes("\0"))) throw invalid(field, `${field} holds a NUL byte.`);
}

const invalid = (field: string, message: string) => new YardError("invalid", message, { field });
