/** `PUT /tasks/{uuid}` and its labels: what may still be changed of a task. */
import type { ApiInstance } from "../../../platform/http/api.ts";
import { callerOf, principalOf } from "../callers.ts";
import { bodyStatuses, errorReplies } from "../errors.ts";
import { outsider } from "../outsiders.ts";
import type { MitosisParts } from "../parts.ts";
import { NoContent, userSecurity, uuidFromWire } from "../schemas.ts";
import { ChangeRequest, LabelsRequest, TaskPath } from "../task-schemas.ts";
import { changesFromWire, unique } from "../task-words.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["Tasks"], security: userSecurity, params: TaskPath };
type Parts = Pick<MitosisParts, "tasks">;

export function registerTaskChanges(app: ApiInstance, { tasks }: Parts, { guards, trail }: Toolbox): void {
  app.put(
    "/tasks/:uuid",
    {
      onRequest: guards.user("tasks.control"),
      schema: {
        ...about,
        operationId: "updateTask",
        summary: "Change a task that is ready",
        description: "In any other state it is 404. A new `task_spec` takes the place of the old one.",
        body: ChangeRequest,
        response: { 200: NoContent, ...errorReplies(...bodyStatuses, 401, 403, 404, 409, 503) },
      },
    },
    async (request, reply) => {
      const uuid = uuidFromWire(request.params.uuid);
      const changes = changesFromWire(request.body);
      const what = { action: "task.change", target: uuid, details: { changed: Object.keys(changes) } };
      await trail.change(request, principalOf(request), what, () =>
        tasks.change(callerOf(request), uuid, changes).catch(outsider("invalid")),
      );
      return reply.code(200).send();
    },
  );

  app.put(
    "/tasks/:uuid/labels",
    {
      onRequest: guards.user("tasks.control"),
      schema: {
        ...about,
        operationId: "updateTaskLabels",
        summary: "Replace the labels of a task, whatever its state",
        body: LabelsRequest,
        response: { 200: NoContent, ...errorReplies(...bodyStatuses, 401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const uuid = uuidFromWire(request.params.uuid);
      const labels = unique(request.body.labels);
      await trail.change(request, principalOf(request), { action: "task.label", target: uuid }, () =>
        tasks.setLabels(callerOf(request), uuid, labels).catch(outsider("invalid")),
      );
      return reply.code(200).send();
    },
  );
}
