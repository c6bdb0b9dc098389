/** `DELETE /tasks/{uuid}` and `/tasks/cancel`: ends tasks for good. Of a running one the worker learns by its next call. */
import type { ApiInstance } from "../../../platform/http/api.ts";
import type { TaskFilter, TaskState } from "../../../tasks/task.ts";
import { callerOf, principalOf } from "../callers.ts";
import { bodyStatuses, errorReplies } from "../errors.ts";
import { outsider } from "../outsiders.ts";
import type { MitosisParts } from "../parts.ts";
import { NoContent, userSecurity, uuidFromWire } from "../schemas.ts";
import { CancelListReply, CancelReply, CancelRequest, TaskPath, UuidsRequest } from "../task-schemas.ts";
import { filterFromWire, uuidsFromWire } from "../task-words.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["Tasks"], security: userSecurity };
type Parts = Pick<MitosisParts, "tasks">;

export function registerTaskCancels(app: ApiInstance, parts: Parts, toolbox: Toolbox): void {
  registerCancel(app, parts, toolbox);
  registerCancelMatching(app, parts, toolbox);
  registerCancelList(app, parts, toolbox);
}

function registerCancel(app: ApiInstance, { tasks }: Parts, { guards, trail }: Toolbox): void {
  app.delete(
    "/tasks/:uuid",
    {
      onRequest: guards.user("tasks.control"),
      schema: {
        ...about,
        operationId: "cancelTask",
        summary: "Cancel a task that waits or runs",
        description: "One that is over is 404.",
        params: TaskPath,
        response: { 200: NoContent, ...errorReplies(400, 401, 403, 404, 409, 503) },
      },
    },
    async (request, reply) => {
      const uuid = uuidFromWire(request.params.uuid);
      await trail.change(request, principalOf(request), { action: "task.cancel", target: uuid }, () =>
        tasks.cancel(callerOf(request), uuid).catch(outsider("invalid")),
      );
      return reply.code(200).send();
    },
  );
}

function registerCancelMatching(
  app: ApiInstance,
  { tasks }: Parts,
  { guards, groups, trail, readingOf }: Toolbox,
): void {
  app.post(
    "/tasks/cancel",
    {
      onRequest: guards.user("tasks.control"),
      schema: {
        ...about,
        operationId: "cancelTasksByFilter",
        summary: "Cancel the tasks of a group that match",
        description: "Those that wait, unless `states` says otherwise; running ones only where `states` names them.",
        body: CancelRequest,
        response: { 200: CancelReply, ...errorReplies(...bodyStatuses, 401, 403, 503) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const team = await groups.require(caller, request.body.group_name, "argument");
      const filter = filterFromWire(request.body, team, readingOf(request));
      const what = { action: "task.cancel-many", target: team.name };
      const cancelled = await trail.change(request, principalOf(request), what, () =>
        tasks.cancelMatching(caller, { ...filter, states: cancellable(filter.states) }),
      );
      return { cancelled_count: cancelled, group_name: team.name };
    },
  );
}

const waiting = ["ready", "pending"] as const satisfies readonly TaskState[];

/** Where none of the states asked for can be cancelled, those that wait are meant: so clients know it. */
function cancellable(asked: TaskFilter["states"]): readonly TaskState[] {
  const among = [...waiting, "running" as const].filter((state) => asked?.includes(state));
  return among.length > 0 ? among : waiting;
}

function registerCancelList(app: ApiInstance, { tasks }: Parts, { guards, trail }: Toolbox): void {
  app.post(
    "/tasks/cancel/list",
    {
      onRequest: guards.user("tasks.control"),
      schema: {
        ...about,
        operationId: "cancelTasksByUuids",
        summary: "Cancel these tasks",
        body: UuidsRequest,
        response: { 200: CancelListReply, ...errorReplies(...bodyStatuses, 401, 403, 503) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const uuids = uuidsFromWire(request.body.uuids);
      const { cancelled, failed } = await tasks.cancelAll(caller, uuids);
      await trail.record(request, principalOf(request), {
        ...{ action: "task.cancel-many", target: caller.username, outcome: "done" },
        details: { cancelled, failed: failed.length },
      });
      return { cancelled_count: cancelled, failed_uuids: [...failed] };
    },
  );
}
