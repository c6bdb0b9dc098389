/** Tasks as workers may look at them. */
import type { Database } from "../platform/db/database.ts";
import { YardError } from "../platform/errors.ts";
import { noSuchTask, rolesFrom } from "./access.ts";
import { findByUuid, selectOpen, toTask } from "./task-rows.ts";
import type { Workers } from "./workers.ts";

export function createHeldTasks({ kysely: db }: Database): Pick<Workers, "heldTask" | "taskFor"> {
  return {
    async heldTask(worker, task) {
      const held = selectOpen(db).where("task.worker_uuid", "=", worker.uuid);
      const one =
        "id" in task ? held.where("task.id", "=", task.id) : held.where("task.uuid", "=", task.uuid.toLowerCase());
      const row = await one.executeTakeFirst();
      if (row !== undefined) return toTask(row);
      const named = "id" in task ? task.id : JSON.stringify(task.uuid.slice(0, 80));
      throw new YardError("not_found", `The task ${named} is not, or not any more, this worker's.`, { field: "task" });
    },

    async taskFor(worker, uuid) {
      const task = await findByUuid(db, uuid);
      if (task === undefined) throw noSuchTask(uuid);
      const served = await db
        .selectFrom("task_worker_teams")
        .select("team_id")
        .where("worker_uuid", "=", worker.uuid)
        .where("team_id", "=", task.team.id)
        .where("role", "in", rolesFrom("member"))
        .executeTakeFirst();
      if (served === undefined) throw noSuchTask(uuid);
      return task;
    },
  };
}
