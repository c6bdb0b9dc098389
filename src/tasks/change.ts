/** Changing tasks that wait, and the labels of any. */
import type { Kysely } from "kysely";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import type { SharedTime } from "../platform/db/shared-time.ts";
import { YardError } from "../platform/errors.ts";
import { noSuchTask, requireRole } from "./access.ts";
import { addLabels } from "./new-tasks.ts";
import type { Queues } from "./queues.ts";
import type { TaskSignals } from "./signals.ts";
import type { Task, TaskCaller, TaskChanges } from "./task.ts";
import { checkLabels, checkPriority, checkSpec, checkTags, checkTimeout } from "./task-limits.ts";
import { findByUuid } from "./task-rows.ts";
import type { Tasks } from "./tasks.ts";

export interface ChangeParts {
  readonly database: Database;
  readonly now: SharedTime;
  readonly queues: Queues;
  readonly signals: TaskSignals;
}

export function createChange({
  database,
  now,
  queues,
  signals,
}: ChangeParts): Pick<Tasks, "get" | "change" | "setLabels"> {
  const db = database.kysely;

  /** @throws {YardError} not_found, also to somebody who is not in its team */
  async function get(caller: TaskCaller, uuid: string): Promise<Task> {
    const task = await findByUuid(db, uuid);
    if (task === undefined) throw noSuchTask(uuid);
    if (!caller.teams.has(task.team.id)) throw noSuchTask(uuid, "team");
    return task;
  }

  return {
    get,

    async change(caller, uuid, changes) {
      const task = await get(caller, uuid);
      requireRole(caller, task.team, "member");
      checkChanges(changes);
      const { tags, timeoutSeconds, priority, spec } = changes;
      const [queueId] = tags === undefined ? [] : await queues.ensure([{ teamId: task.team.id, tags }]);
      const changed = await db
        .updateTable("tasks")
        .set({
          ...(queueId !== undefined && { queue_id: queueId }),
          ...(timeoutSeconds !== undefined && { timeout_seconds: timeoutSeconds }),
          ...(priority !== undefined && { priority }),
          ...(spec !== undefined && { spec: JSON.stringify(spec) }),
          updated_at: now(),
        })
        .where("id", "=", task.id)
        .where("state", "=", "ready")
        .returning("queue_id")
        .executeTakeFirst();
      if (changed === undefined) {
        throw new YardError("not_found", `The task ${task.uuid} is not waiting for a worker any more.`, {
          field: "task",
        });
      }
      if (queueId !== undefined) signals.ready([queueId]);
    },

    async setLabels(caller, uuid, labels) {
      const task = await get(caller, uuid);
      requireRole(caller, task.team, "member");
      checkLabels(labels);
      const isThere = await database.transaction(
        async (trx) =>
          (await replaceLabels(trx, "tasks", task, labels)) || (await replaceLabels(trx, "ended_tasks", task, labels)),
        { rowLocks: true },
      );
      if (!isThere) throw noSuchTask(uuid);
    },
  };

  async function replaceLabels(
    trx: Kysely<Schema>,
    table: "tasks" | "ended_tasks",
    task: Task,
    labels: readonly string[],
  ): Promise<boolean> {
    const kept = [...new Set(labels)];
    const updated = await trx
      .updateTable(table)
      .set({ labels: JSON.stringify(kept), updated_at: now() })
      .where("id", "=", task.id)
      .returning("id")
      .executeTakeFirst();
    if (updated === undefined) return false;
    await trx.deleteFrom("task_labels").where("task_id", "=", task.id).execute();
    if (kept.length === 0) return true;
    const added = kept.map((label) => ({ uuid: task.uuid, label }));
    await addLabels(trx, added, database.dialect, table);
    return true;
  }
}

/** @throws {YardError} invalid */
function checkChanges({ tags, timeoutSeconds, priority, spec }: TaskChanges): void {
  if ([tags, timeoutSeconds, priority, spec].every((change) => change === undefined))
    throw new YardError("invalid", "Nothing is to be changed: name at least one of tags, timeout, priority and spec.");
  if (tags !== undefined) checkTags(tags);
  if (timeoutSeconds !== undefined) checkTimeout(timeoutSeconds);
  if (priority !== undefined) checkPriority(priority);
  if (spec !== undefined) checkSpec(spec);
}
