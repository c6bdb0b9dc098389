/** One execution to its end. It belongs to the yard: a lost connection loses nothing of what was printed, and an execution that was running
 *  when the yard ended has failed once the yard is back. */
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf, isYardError, YardError } from "../platform/errors.ts";
import type { FollowParts } from "./follow-run.ts";
import type { YardClient } from "./http.ts";
import { createPatience, isLost } from "./patience.ts";
import {
  cancelExecution,
  type ExecutionSeen,
  getExecution,
  readExecutionOutput,
  type ScriptSubmission,
  submitScript,
} from "./scripts.ts";
import { writeTo } from "./write.ts";

/** Most scripts take a few milliseconds; one that takes longer is asked after less and less often. */
const firstLookMs = 2;
const lastLookMs = 250;
const growth = 1.5;

const lost = "lost the connection to the yard; waiting for it to come back";

/** Copies what the execution prints to `parts.output`, and resolves with the execution once it has ended.
 *  @param client the connection at hand
 *  @throws the signal's reason once that is aborted, else {YardError} */
export async function followExecution(id: string, client: YardClient, parts: FollowParts): Promise<ExecutionSeen> {
  const patience = createPatience({ ...parts, lost });
  let connected: YardClient | undefined = client;
  let position = 0;
  let waitMs = firstLookMs;
  for (;;) {
    try {
      connected ??= await parts.connect();
      const page = await readExecutionOutput(connected, id, { position, signal: parts.signal });
      patience.found();
      if (page.text !== "") {
        position = page.next;
        waitMs = firstLookMs;
        await writeTo(parts.output, Buffer.from(page.text), parts.signal);
      }
      if (page.hasMore) continue;
      if (page.status !== "running") return await getExecution(connected, id, parts);
      await sleep(waitMs, undefined, { signal: parts.signal });
      waitMs = Math.min(waitMs * growth, lastLookMs);
    } catch (error) {
      parts.signal.throwIfAborted();
      if (!isLost(error)) throw error;
      connected = undefined;
      await patience.wait(error);
    }
  }
}

/** The same, for somebody who wants nothing of it once `parts.signal` is aborted: the execution is cancelled then. */
export async function followOrCancel(id: string, client: YardClient, parts: FollowParts): Promise<ExecutionSeen> {
  try {
    return await followExecution(id, client, parts);
  } catch (error) {
    if (parts.signal.aborted) await cancel(id, parts);
    throw error;
  }
}

async function cancel(id: string, parts: FollowParts): Promise<void> {
  try {
    await cancelExecution(await parts.connect(), id);
  } catch (error) {
    if (isYardError(error, "precondition")) return; // it has ended meanwhile
    parts.notice(`could not cancel the execution ${id}: ${error instanceof Error ? error.message : error}`);
  }
}

/** Submits the script to a yard that may be away for a moment. Where nobody knows whether the yard has it, it is not sent a second time.
 *  @throws the signal's reason once that is aborted, else {YardError} */
export async function submitPatiently(
  script: ScriptSubmission,
  parts: FollowParts,
): Promise<{ id: string; client: YardClient }> {
  const patience = createPatience({ ...parts, lost });
  for (;;) {
    try {
      const client = await parts.connect();
      const id = await submitScript(client, script); // an abort waits for the answer: only that names what to cancel
      patience.found();
      return { id, client };
    } catch (error) {
      parts.signal.throwIfAborted();
      if (!isLost(error)) throw error;
      if (!wasRefused(error)) throw mayHaveArrived(error);
      await patience.wait(error);
    }
  }
}

function mayHaveArrived(cause: unknown): YardError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const advice = "It is not sent again, as it may have been run. Look: runyard js ls";
  return new YardError("unavailable", `the yard went away while the script was sent (${reason}). ${advice}`, { cause });
}

/** The yard does not have it for sure: nobody listened, or it said that it is not ready. */
function wasRefused(error: unknown): boolean {
  if (isYardError(error, "unauthenticated")) return true;
  return isYardError(error, "unavailable") && (error.cause === undefined || errnoOf(error.cause) === "ECONNREFUSED");
}
