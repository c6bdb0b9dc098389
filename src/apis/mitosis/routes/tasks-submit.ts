/** `POST /tasks`: submits one task. Many at once: tasks-batch.ts. */
import { Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { callerOf, principalOf } from "../callers.ts";
import { bodyStatuses, errorReplies } from "../errors.ts";
import type { MitosisParts } from "../parts.ts";
import { userSecurity } from "../schemas.ts";
import { SubmitReply, SubmitRequest } from "../task-schemas.ts";
import { taskFromWire } from "../task-words.ts";
import type { Toolbox } from "../toolbox.ts";

const IdempotencyHeaders = Type.Object({
  "Idempotency-Key": Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      description: "Extension: the same task, submitted again with this key within a day, gets the first answer",
    }),
  ),
});

export function registerTaskSubmit(
  app: ApiInstance,
  { tasks }: Pick<MitosisParts, "tasks">,
  { guards, groups, trail }: Toolbox,
): void {
  app.post(
    "/tasks",
    {
      onRequest: guards.user("tasks.submit"),
      schema: {
        operationId: "submitTask",
        summary: "Submit a task",
        tags: ["Tasks"],
        security: userSecurity,
        headers: IdempotencyHeaders,
        body: SubmitRequest,
        response: { 200: SubmitReply, ...errorReplies(...bodyStatuses, 401, 403, 404, 409, 429, 503) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const team = await groups.require(caller, request.body.group_name, "apart");
      const idempotencyKey = request.headers["idempotency-key"]?.toString();
      const { uuid, number } = await tasks.submit(caller, taskFromWire(request.body, team), { idempotencyKey });
      trail.recordSoon(request, principalOf(request), { action: "task.submit", target: uuid, outcome: "done" });
      return { task_id: number, uuid };
    },
  );
}
