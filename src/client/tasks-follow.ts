/** One task, from its submission to its end. The yard may be away in between: nothing is submitted twice. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { isYardError } from "../platform/errors.ts";
import type { Persist, PersistParts } from "./persist.ts";
import { cancelTask, getTask, type NewTask, submitTask, type TaskSeen } from "./tasks.ts";

/** An answer is held so long at first, so that a task that nobody takes is noticed; and then. */
const [firstHoldSeconds, holdSeconds] = [3, 30];
/** Between two looks at a task of a server that holds no answers. */
const retryMs = 500;

/** Not broken off by anything: only the answer names what to cancel. @returns the task's UUID */
export function submitOnce(task: NewTask, persist: Persist): Promise<string> {
  const key = randomUUID();
  return persist((client) => submitTask(client, task, { key }));
}

export interface AwaitOptions {
  readonly signal: AbortSignal;
  /** Told of a task that is not over after some seconds, and again after each look. */
  readonly onWait?: (task: TaskSeen) => void;
}

/** Resolves once the task is over. @throws the signal's reason once that is aborted, else {YardError} */
export async function awaitTask(uuid: string, persist: Persist, { signal, onWait }: AwaitOptions): Promise<TaskSeen> {
  for (let seconds = firstHoldSeconds; ; seconds = holdSeconds) {
    const lookedAt = performance.now();
    const { task } = await persist((client) => getTask(client, uuid, { holdSeconds: seconds, signal }));
    if (task.result) return task;
    onWait?.(task);
    await sleep(Math.max(0, retryMs - (performance.now() - lookedAt)), undefined, { signal });
  }
}

/** The same, for somebody who wants nothing of it once `signal` is aborted: the task is cancelled then. */
export async function awaitOrCancel(
  uuid: string,
  persist: Persist,
  { connect, notice, ...options }: AwaitOptions & Pick<PersistParts, "connect" | "notice">,
): Promise<TaskSeen> {
  try {
    return await awaitTask(uuid, persist, options);
  } catch (error) {
    if (options.signal.aborted) await cancel(uuid, { connect, notice });
    throw error;
  }
}

async function cancel(uuid: string, { connect, notice }: Pick<PersistParts, "connect" | "notice">): Promise<void> {
  try {
    await cancelTask(await connect(), uuid);
  } catch (error) {
    if (isYardError(error, "not_found")) return; // it has ended meanwhile
    notice(`could not cancel the task ${uuid}: ${error instanceof Error ? error.message : error}`);
  }
}
