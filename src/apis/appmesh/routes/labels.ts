/** Labels of the host. */
import { Type } from "typebox";
import type { Trail } from "../../../identity/trail.ts";
import { isYardError, YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { type Guard, principalOf } from "../authenticate.ts";
import type { AppMeshParts } from "../parts.ts";
import { quirks, readingOf } from "../quirks.ts";
import { errorReplies, Message, TextMap } from "../schemas.ts";

const LabelName = Type.Object({ label_name: Type.String() });
const about = { tags: ["Configuration"], security: [{ BearerAuth: [] }] };

export function registerLabelRoutes(app: ApiInstance, parts: AppMeshParts, guard: Guard, trail: Trail): void {
  const { labels } = parts;

  app.get(
    "/appmesh/labels",
    {
      onRequest: guard("label-view"),
      schema: { ...about, summary: "All labels of the host", response: { 200: TextMap, ...errorReplies(400, 401) } },
    },
    () => labels.list(),
  );

  app.put(
    "/appmesh/label/:label_name",
    {
      onRequest: guard("label-set"),
      schema: {
        ...about,
        summary: "Set a label",
        params: LabelName,
        querystring: Type.Object({ value: Type.String() }),
        response: { 200: Message, 201: Message, ...errorReplies(400, 401, 429) },
      },
    },
    async (request, reply) => {
      const name = request.params.label_name.trim();
      const { value } = request.query;
      await labels.set(name, value).catch(nameParameter);
      await trail.record(request, principalOf(request), {
        ...{ action: "label.set", target: name, outcome: "done" },
        details: { value },
      });
      const reading = readingOf(request.headers["user-agent"], parts.reading);
      return reply.code(quirks.labelSetStatus[reading]).send({ message: `the label ${name} was set` });
    },
  );

  app.delete(
    "/appmesh/label/:label_name",
    {
      onRequest: guard("label-delete"),
      schema: {
        ...about,
        summary: "Remove a label; one that was built in has its own value again",
        params: LabelName,
        response: { 200: Message, ...errorReplies(400, 401, 404) },
      },
    },
    async (request, reply) => {
      const name = request.params.label_name.trim();
      if (!(await labels.remove(name))) {
        const reading = readingOf(request.headers["user-agent"], parts.reading);
        return reply.code(quirks.labelAbsentStatus[reading]).send({ message: `no label ${name} was set` });
      }
      await trail.record(request, principalOf(request), { action: "label.delete", target: name, outcome: "done" });
      return reply.send({ message: `the label ${name} was removed` });
    },
  );
}

/** The domain's name of what is at fault is not the path's. */
function nameParameter(error: unknown): never {
  if (!isYardError(error) || error.field !== "name") throw error;
  throw new YardError(error.code, error.message, { field: "label_name", cause: error });
}
