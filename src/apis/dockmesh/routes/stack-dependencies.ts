/** Which stacks are to run before which. */
import { Type } from "typebox";
import { isStackWithin, requireStackWithin } from "../../../containers/stacks/stack-reach.ts";
import { principalOf } from "../../../identity/admission.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { StackPath } from "../deploy-words.ts";
import { errorReplies } from "../errors.ts";
import { reachOf } from "../guards.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["stacks"], security: bearer, params: StackPath };
const Names = Type.Array(Type.String());

export function registerStackDependencyRoutes(
  app: ApiInstance,
  { stacks: { dependencies, placements }, dockerHosts }: Pick<DockmeshParts, "stacks" | "dockerHosts">,
  { guards, trail }: Toolbox,
): void {
  const onRequest = guards.may("stack.deploy");

  app.get(
    `${basePath}/stacks/:name/dependencies`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "stacks.dependencies_get",
        summary: "Tell which stacks one depends on, and which depend on it",
        response: {
          200: Type.Object({ stack_name: Type.String(), depends_on: Names, dependents: Names }),
          ...errorReplies(401, 403),
        },
      },
    },
    async (request) => {
      const { name } = request.params;
      const placed = new Map((await placements.list()).map((one) => [one.stack, one]));
      requireStackWithin(placed.get(name), reachOf(request), dockerHosts);
      const { dependsOn, dependents: all } = await dependencies.get(name);
      // What it depends on is said by whoever has written that; who depends on it are others.
      const dependents = all.filter((one) => isStackWithin(placed.get(one), reachOf(request), dockerHosts));
      return { stack_name: name, depends_on: [...dependsOn], dependents };
    },
  );

  app.put(
    `${basePath}/stacks/:name/dependencies`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "stacks.dependencies_set",
        summary: "Say which stacks one depends on; there need be none of that name yet",
        body: Type.Object({ depends_on: Type.Array(Type.String({ maxLength: 63 }), { maxItems: 200 }) }),
        response: {
          200: Type.Object({ stack_name: Type.String(), depends_on: Names }),
          ...errorReplies(400, 401, 403, 404, 422),
        },
      },
    },
    async (request) => {
      const { name } = request.params;
      const wanted = request.body.depends_on;
      requireStackWithin(await placements.get(name), reachOf(request), dockerHosts);
      const what = { action: "stack.dependencies", target: name, details: { depends_on: wanted.join(",") } };
      return trail.change(request, principalOf(request), what, async () => {
        return { stack_name: name, depends_on: [...(await dependencies.set(name, wanted))] };
      });
    },
  );
}
