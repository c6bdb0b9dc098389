/** The entries of a prompt, each an execution: a step of one session, so that its memory is the yard's and outlives prompt, yard and machine. */

import type { FollowParts } from "../../client/follow-run.ts";
import { type ExecutionSeen, findExecution } from "../../client/scripts.ts";
import { followOrCancel, submitPatiently } from "../../client/scripts-follow.ts";
import { type ScriptOptions, submissionOf } from "./script-options.ts";

export interface ReplSteps {
  /** Runs the script from where the last completed one has ended. Its output goes to `parts.output`.
   *  @throws the signal's reason once that is aborted: it is cancelled then; else {YardError} */
  run(source: string, signal: AbortSignal): Promise<ExecutionSeen>;
  /** Ids of the memory and of the files that the last completed step has left. */
  readonly heap: string | undefined;
  readonly fs: string | undefined;
}

const noExecution = "00000000-0000-0000-0000-000000000000";

/** @throws {YardError} if there is no yard, or it does not take the credential: then it is better said before the first entry */
export async function openSteps(options: ScriptOptions, parts: FollowParts): Promise<ReplSteps> {
  await findExecution(await parts.connect(), noExecution, { signal: parts.signal });
  let { heap, fs } = options;
  let isBegun = false;
  return {
    async run(source, signal) {
      // The session knows what its last step has left. A memory that was named counts until there is such a step.
      const script = submissionOf(source, { ...options, heap: isBegun ? undefined : heap, fs });
      const { id, client } = await submitPatiently(script, { ...parts, signal });
      const execution = await followOrCancel(id, client, { ...parts, signal });
      if (execution.status === "completed") {
        isBegun = true;
        heap = execution.heap;
        fs = execution.fs ?? fs;
      }
      return execution;
    },
    get heap() {
      return heap;
    },
    get fs() {
      return fs;
    },
  };
}
