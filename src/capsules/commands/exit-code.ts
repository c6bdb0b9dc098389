/** The one number that an end is told by. */
import { YardError } from "../../platform/errors.ts";
import type { Exit } from "../../sandboxes/sandbox.ts";

/** -1, if a signal has ended it.
 *  @throws {YardError} interrupted, where nobody was there to see how it ended: no number is made up */
export function exitCodeOf({ code, signal }: Exit): number {
  if (code !== null) return code;
  if (signal !== null) return -1;
  throw new YardError("interrupted", "The command has ended, but how is not known: its host's agent was restarted.");
}
