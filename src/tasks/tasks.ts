/** The queue of tasks as users see it. Rights: to see a team's tasks takes membership, to submit and to change them the role `member` or more.
 *  For somebody who is no member a team does not exist (`not_found`, `field` "team"); a role that is too low is `forbidden`. */

import type { YardError } from "../platform/errors.ts";
import type { NewTask, Page, SubmittedTask, Task, TaskCaller, TaskChanges, TaskFilter } from "./task.ts";

export interface Tasks {
  /** Resolves when the task is saved. With `idempotencyKey`, a repeated submit of the same user gets the first answer for a day.
   *  @throws {YardError} not_found, forbidden, invalid (`field`), conflict: the key was used for another task */
  submit(caller: TaskCaller, task: NewTask, options?: { readonly idempotencyKey?: string }): Promise<SubmittedTask>;
  /** One result per task, in order: a bad one never sinks the others. Numbers ascend in the order given. */
  submitMany(caller: TaskCaller, tasks: readonly NewTask[]): Promise<readonly (SubmittedTask | YardError)[]>;

  /** @throws {YardError} not_found */
  get(caller: TaskCaller, uuid: string): Promise<Task>;
  /** Those that are not over before those that are, the oldest first.
   *  @throws {YardError} not_found, forbidden, invalid */
  find(caller: TaskCaller, filter: TaskFilter, page?: Page): Promise<readonly Task[]>;
  count(caller: TaskCaller, filter: TaskFilter): Promise<number>;
  /** Waits until the task is over, `timeoutMs` at most. @returns the task as it is then */
  ended(caller: TaskCaller, uuid: string, options: { timeoutMs: number; signal?: AbortSignal }): Promise<Task>;

  /** Of a task that is `ready`. @throws {YardError} not_found (also: in another state), forbidden, invalid */
  change(caller: TaskCaller, uuid: string, changes: TaskChanges): Promise<void>;
  /** In any state. */
  setLabels(caller: TaskCaller, uuid: string, labels: readonly string[]): Promise<void>;
  /** Final at once: also a running one is over, and its worker is told to stop it.
   *  @throws {YardError} not_found (also: it is over), forbidden */
  cancel(caller: TaskCaller, uuid: string): Promise<void>;
  /** Of those that are waiting or running; `states` narrows it. @returns how many */
  cancelMatching(caller: TaskCaller, filter: TaskFilter): Promise<number>;
  /** @returns the uuids that could not be cancelled (unknown, over, not the caller's to cancel), in the order given */
  cancelAll(
    caller: TaskCaller,
    uuids: readonly string[],
  ): Promise<{ readonly cancelled: number; readonly failed: readonly string[] }>;
}
