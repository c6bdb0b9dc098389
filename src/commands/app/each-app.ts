/** The same for each of several apps: one that fails does not hold up the others. */
import { isYardError } from "../../platform/errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { notice } from "../yard-options.ts";

/** @returns the exit code, and what came of those that went well, in order */
export async function eachApp<T>(
  names: readonly string[],
  work: (name: string) => Promise<T>,
): Promise<{ code: number; done: T[] }> {
  const done: T[] = [];
  for (const name of new Set(names)) {
    try {
      done.push(await work(name));
    } catch (error) {
      if (!isYardError(error)) throw error;
      notice(error.message);
    }
  }
  return { code: done.length === new Set(names).size ? exitCodes.ok : exitCodes.failure, done };
}
