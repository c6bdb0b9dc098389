/** Lets a task wait until another one has come as far as it says. */
import { setTimeout as delay } from "node:timers/promises";
import { isYardError } from "../platform/errors.ts";
import type { Announcements } from "./announcements.ts";
import type { WorkerCalls } from "./coordinator.ts";
import { type ExecState, isExecState, isReached, isReachedBy } from "./exec-states.ts";

export interface WatchParts {
  readonly calls: Pick<WorkerCalls, "taskInfo">;
  readonly announcements: Pick<Announcements, "stateOf">;
}

/** How often it is asked: Redis costs nothing, a coordinator a request. */
const askRedisMs = 500;
const askCoordinatorMs = 3_000;

/** Resolves when the target is reached; ends with `signal` otherwise. */
export async function reaches(
  { calls, announcements }: WatchParts,
  { taskUuid, target: name, signal }: { taskUuid: string; target: string; signal: AbortSignal },
): Promise<void> {
  const target = isExecState(name) ? name : undefined; // what nobody announces is never reached
  let askedAt = Number.NEGATIVE_INFINITY;
  for (;;) {
    const announced = await announcements.stateOf(taskUuid);
    if (target && announced !== undefined && isReached(target, announced)) return;
    if (target && performance.now() - askedAt >= askCoordinatorMs) {
      askedAt = performance.now();
      if (await isKnownToBe(calls, { taskUuid, target, signal })) return;
    }
    await delay(askRedisMs, undefined, { signal });
  }
}

/** A task that is not there, or not to be seen, may still come. */
async function isKnownToBe(
  calls: WatchParts["calls"],
  { taskUuid, target, signal }: { taskUuid: string; target: ExecState; signal: AbortSignal },
): Promise<boolean> {
  try {
    return isReachedBy(target, await calls.taskInfo(taskUuid, signal));
  } catch (error) {
    if (isYardError(error, "not_found") || isYardError(error, "forbidden") || isYardError(error, "invalid"))
      return false;
    throw error;
  }
}
