/** Runs a transaction again where it is known that nothing of it was done: it has lost a race, or its connection before it was to be committed, or met a statement
 *  that was prepared too long ago. */
import { setTimeout as sleep } from "node:timers/promises";
import { isYardError, YardError } from "../../errors.ts";
import { comeBackMs, isConnectionLost, wasUndone } from "./postgres-errors.ts";

/** How often a transaction is run again after it lost a race. 32 writers of one row, all at once over 5 connections, needed at most 7. */
const maxAttempts = 12;
/** How often something is done again after its connection was lost: a server that goes down may take several with it. */
export const maxLostConnections = 5;

/** @param attempt passes its result through `beforeCommit` when its work is done and the commit comes next */
export async function againWhereNothingWasDone<T>(
  location: string,
  attempt: (beforeCommit: (result: T) => T) => Promise<T>,
): Promise<T> {
  let losses = 0;
  for (let attempts = 1; ; attempts++) {
    let isToBeCommitted = false;
    const beforeCommit = (result: T): T => {
      isToBeCommitted = true;
      return result;
    };
    try {
      return await attempt(beforeCommit);
    } catch (error) {
      if (isServerLost(error)) {
        if (isToBeCommitted) throw lostWhileCommitting(location, error);
        if (++losses >= maxLostConnections) throw error;
      } else if (!wasUndone(error)) throw error;
      else if (attempts >= maxAttempts) {
        const message = `The database ${location} has too many competing changes at once. Try again.`;
        throw new YardError("unavailable", message, { cause: error, retryAfterMs: 1_000 });
      }
    }
    await sleep(Math.random() * 10 * attempts);
  }
}

function isServerLost(error: unknown): error is YardError {
  return isYardError(error, "unavailable") && isConnectionLost(error.cause);
}

function lostWhileCommitting(location: string, error: YardError): YardError {
  const advice = "Look whether it was before you try again.";
  return new YardError("unavailable", `The database ${location} was lost while a change was being saved. ${advice}`, {
    cause: error,
    retryAfterMs: comeBackMs(),
  });
}
