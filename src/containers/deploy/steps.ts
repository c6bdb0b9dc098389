/** What a change does, step by step, told as it happens. */
import { YardError } from "../../platform/errors.ts";

/** Does one step of a change, and tells of its beginning and its end. */
export type Step = <T>(what: string, work: () => Promise<T>) => Promise<T>;

/** @param tell gets one line each time; may keep it, or wait until it is kept
 *  @param signal ends the change before its next step: what has begun is finished */
export function createSteps(tell: (line: string) => void | Promise<void>, signal: AbortSignal): Step {
  return async (what, work) => {
    if (signal.aborted) throw interrupted(signal.reason);
    await tell(what);
    try {
      const result = await work();
      await tell(`${what}: done`);
      return result;
    } catch (error) {
      await tell(`${what}: failed: ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    }
  };
}

/** @param reason of the signal that has aborted */
export function interrupted(reason: unknown): YardError {
  const why = reason instanceof YardError ? reason.message : "The server stops.";
  return new YardError("interrupted", `${why} What was done stays as it is: do it again, and the rest follows.`);
}
