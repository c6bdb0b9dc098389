/** The question before something is gone for good. */
import { YardError } from "../../platform/errors.ts";
import { ask } from "../prompt.ts";

/** Before anything is looked up. @throws {YardError} precondition, where nobody could answer */
export function requireAnswer(isSure: boolean): void {
  if (isSure || process.stdin.isTTY) return;
  throw new YardError("precondition", "no terminal to ask at whether you are sure. Say so with --yes.");
}

/** @param question without its mark, inert @returns false if the person at the terminal would rather not */
export async function isMeant(question: string, isSure: boolean): Promise<boolean> {
  return isSure || /^y(es)?$/i.test((await ask(`${question}? [y/N] `)).trim());
}
