/** Stacks whose file is lost: made again from what runs, or given up. */
import { Type } from "typebox";
import { recoverStack } from "../../../containers/stacks/recover.ts";
import { requireStackName } from "../../../containers/stacks/stack-names.ts";
import { requireStackWithin } from "../../../containers/stacks/stack-reach.ts";
import { principalOf } from "../../../identity/admission.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { StackPath } from "../deploy-words.ts";
import { errorReplies } from "../errors.ts";
import { hostToWire } from "../fan-out.ts";
import { reachOf } from "../guards.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer, Done } from "../schemas.ts";
import { authorOf, detailToWire, StackDetail } from "../stack-words.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["stacks"], security: bearer, params: StackPath };

export function registerStackRecoveryRoutes(
  app: ApiInstance,
  {
    stackFiles: files,
    stacks: { placements, ends },
    dockerHosts,
  }: Pick<DockmeshParts, "stackFiles" | "stacks" | "dockerHosts">,
  { guards, trail }: Toolbox,
): void {
  app.post(
    `${basePath}/stacks/:name/recover`,
    {
      onRequest: guards.may("stack.write"),
      schema: {
        ...about,
        operationId: "stacks.recover",
        summary: "Make a stack's lost file again from its containers",
        response: {
          200: Type.Object({
            stack: StackDetail,
            warnings: Type.Array(Type.String()),
            recovered_from: Type.Object({
              host_id: Type.String(),
              container_count: Type.Integer(),
              reconstructed_at: Type.String({ format: "date-time" }),
            }),
          }),
          ...errorReplies(400, 401, 403, 404, 409, 422, 503),
        },
      },
    },
    async (request) => {
      const { name } = request.params;
      requireStackName(name);
      requireStackWithin(await placements.get(name), reachOf(request), dockerHosts);
      const what = { action: "stack.recover", target: name };
      const { stack, warnings, host, containers } = await trail.change(request, principalOf(request), what, () =>
        recoverStack(name, reachOf(request), authorOf(request), { files, placements, dockerHosts }),
      );
      const { host_id } = hostToWire(host);
      return {
        stack: detailToWire(stack),
        warnings: [...warnings],
        recovered_from: { host_id, container_count: containers, reconstructed_at: new Date().toISOString() },
      };
    },
  );

  app.post(
    `${basePath}/stacks/:name/discard`,
    {
      onRequest: guards.may("stack.write"),
      schema: {
        ...about,
        operationId: "stacks.discard",
        summary: "Forget where a stack was deployed, whose file is lost",
        response: { 204: Done, ...errorReplies(400, 401, 403) },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      requireStackName(name);
      requireStackWithin(await placements.get(name), reachOf(request), dockerHosts);
      await trail.change(request, principalOf(request), { action: "stack.discard", target: name }, () =>
        ends.forget(name),
      );
      return reply.code(204).send();
    },
  );
}
