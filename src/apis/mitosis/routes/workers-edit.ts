/** `PUT /workers/{uuid}/tags` and `labels`: what a worker takes, and how it is found. It acts at the worker's next fetch. */
import type { ApiInstance } from "../../../platform/http/api.ts";
import { callerOf, principalOf } from "../callers.ts";
import { bodyStatuses, errorReplies } from "../errors.ts";
import { outsider } from "../outsiders.ts";
import type { MitosisParts } from "../parts.ts";
import { NoContent, userSecurity, uuidFromWire } from "../schemas.ts";
import { requireItems } from "../task-words.ts";
import type { Toolbox } from "../toolbox.ts";
import { TagsRequest, WorkerLabelsRequest, WorkerPath } from "../worker-schemas.ts";

const about = { tags: ["Workers"], security: userSecurity, params: WorkerPath };

export function registerWorkerEdits(
  app: ApiInstance,
  { workers }: Pick<MitosisParts, "workers">,
  { guards, trail }: Toolbox,
): void {
  app.put(
    "/workers/:uuid/tags",
    {
      onRequest: guards.user("workers.control"),
      schema: {
        ...about,
        operationId: "updateWorkerTags",
        summary: "Replace the tags of a worker",
        body: TagsRequest,
        response: { 200: NoContent, ...errorReplies(...bodyStatuses, 401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const uuid = uuidFromWire(request.params.uuid);
      const tags = requireItems(request.body.tags, "tags");
      await trail.change(request, principalOf(request), { action: "worker.tag", target: uuid, details: { tags } }, () =>
        workers.setTags(callerOf(request), uuid, tags).catch(outsider("forbidden")),
      );
      return reply.code(200).send();
    },
  );

  app.put(
    "/workers/:uuid/labels",
    {
      onRequest: guards.user("workers.control"),
      schema: {
        ...about,
        operationId: "updateWorkerLabels",
        summary: "Replace the labels of a worker",
        body: WorkerLabelsRequest,
        response: { 200: NoContent, ...errorReplies(...bodyStatuses, 401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const uuid = uuidFromWire(request.params.uuid);
      const labels = requireItems(request.body.labels, "labels");
      await trail.change(request, principalOf(request), { action: "worker.label", target: uuid }, () =>
        workers.setLabels(callerOf(request), uuid, labels).catch(outsider("forbidden")),
      );
      return reply.code(200).send();
    },
  );
}
