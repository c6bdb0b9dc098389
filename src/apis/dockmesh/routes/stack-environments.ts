/** Overlays of a stack, and which of them is in force. */
import { Type } from "typebox";
import { requireStackWithin } from "../../../containers/stacks/stack-reach.ts";
import { principalOf } from "../../../identity/admission.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { StackPath } from "../deploy-words.ts";
import { errorReplies } from "../errors.ts";
import { reachOf } from "../guards.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["stacks"], security: bearer, params: StackPath };

export function registerStackEnvironmentRoutes(
  app: ApiInstance,
  { stackFiles, stacks: { placements }, dockerHosts }: Pick<DockmeshParts, "stackFiles" | "stacks" | "dockerHosts">,
  { guards, trail }: Toolbox,
): void {
  const onRequest = guards.may("stack.deploy");

  app.get(
    `${basePath}/stacks/:name/environments`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "stacks.environments_list",
        summary: "List the overlays compose.<name>.yaml of a stack, and tell which one is in force",
        response: {
          200: Type.Object({
            stack_name: Type.String(),
            active: Type.String({ description: "Empty: none" }),
            available: Type.Array(Type.String()),
          }),
          ...errorReplies(400, 401, 403, 404, 422),
        },
      },
    },
    async (request) => {
      const { name } = request.params;
      requireStackWithin(await placements.get(name), reachOf(request), dockerHosts);
      const { active, available } = await stackFiles.environments(name);
      return { stack_name: name, active, available: [...available] };
    },
  );

  app.put(
    `${basePath}/stacks/:name/environments/active`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "stacks.environment_set_active",
        summary: "Choose the overlay that deployments merge over the base from now on",
        body: Type.Object({ active: Type.String({ description: "Empty: none. Its file need not be there yet" }) }),
        response: {
          200: Type.Object({ stack_name: Type.String(), active: Type.String() }),
          ...errorReplies(400, 401, 403, 404, 422),
        },
      },
    },
    async (request) => {
      const { name } = request.params;
      const { active } = request.body;
      requireStackWithin(await placements.get(name), reachOf(request), dockerHosts);
      const what = { action: "stack.environment", target: name, details: { active } };
      await trail.change(request, principalOf(request), what, () => stackFiles.setActiveEnvironment(name, active));
      return { stack_name: name, active };
    },
  );
}
