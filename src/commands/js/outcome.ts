/** How an execution went, in words. */
import { inert } from "../../client/inert.ts";
import type { ExecutionSeen } from "../../client/scripts.ts";

const words: Readonly<Record<string, string>> = { timed_out: "ran out of time", cancelled: "was cancelled" };

/** Why it did not complete: its error has a line for each frame of the stack. */
export function failureText({ status, error }: ExecutionSeen): string {
  const said = (error ?? "the yard gives no reason").split("\n").map(inert).join("\n");
  return `the script ${words[status] ?? inert(status)}: ${said}`;
}

/** What of the result JSON does not tell. `$` is the result itself. */
export function lostText(lost: readonly string[]): string {
  return `not in the result, as JSON cannot express it: ${lost.map(inert).join("; ")}`;
}
