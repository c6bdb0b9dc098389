/** Tags of hosts. */
import { Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { callerOf } from "../callers.ts";
import { bodyStatuses, errorReplies } from "../errors.ts";
import type { HostAccess } from "../host-access.ts";
import { idFromWire } from "../ids.ts";
import type { HostParts } from "../parts.ts";
import { IdPath, NoContent, userSecurity } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["Hosts"], security: userSecurity };

export function registerHostTagRoutes(
  app: ApiInstance,
  { hosts: { registry } }: HostParts,
  { guards, trail }: Toolbox,
  access: HostAccess,
): void {
  app.get(
    "/v1/hosts/:id/tags",
    {
      onRequest: guards.member("capsules.view"),
      schema: {
        ...about,
        operationId: "listHostTags",
        summary: "List a host's tags, in the order of the alphabet",
        params: IdPath,
        response: { 200: Type.Array(Type.String()), ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request) => [...(await access.see(callerOf(request), idFromWire("host", request.params.id))).tags],
  );

  app.post(
    "/v1/hosts/:id/tags",
    {
      onRequest: guards.member("hosts.write"),
      schema: {
        ...about,
        operationId: "addHostTag",
        summary: "Add a tag to a host; one that it has stays",
        params: IdPath,
        body: Type.Object({ tag: Type.String() }),
        response: { 204: NoContent, ...errorReplies(...bodyStatuses, 401, 403, 404, 429) },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { id } = await access.see(caller, idFromWire("host", request.params.id));
      const { tag } = request.body;
      const what = { action: "host.tag", target: id, details: { tag } };
      await trail.change(request, caller.principal, what, () => registry.tag(id, tag));
      return reply.code(204).send();
    },
  );

  app.delete(
    "/v1/hosts/:id/tags/:tag",
    {
      onRequest: guards.member("hosts.write"),
      schema: {
        ...about,
        operationId: "removeHostTag",
        summary: "Take a tag from a host; one that it does not have is no mistake",
        params: Type.Object({ ...IdPath.properties, tag: Type.String() }),
        response: { 204: NoContent, ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { id } = await access.see(caller, idFromWire("host", request.params.id));
      const { tag } = request.params;
      const what = { action: "host.untag", target: id, details: { tag } };
      await trail.change(request, caller.principal, what, () => registry.untag(id, tag));
      return reply.code(204).send();
    },
  );
}
