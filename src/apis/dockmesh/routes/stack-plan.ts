/** What deploying a stack would do. */
import { type Static, Type } from "typebox";
import {
  type ContainerChange,
  containerActions,
  containerReasons,
} from "../../../containers/deploy/preview-project.ts";
import type { StackPlan } from "../../../containers/stacks/stack-plans.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { Ensured, StackPath } from "../deploy-words.ts";
import { errorReplies } from "../errors.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer, HostQuery } from "../schemas.ts";
import { onHost } from "../stack-caller.ts";
import type { Toolbox } from "../toolbox.ts";

const Plan = Type.Object({
  stack: Type.String(),
  environment: Type.Optional(Type.String({ description: "The overlay that would be merged" })),
  settled: Type.Boolean({ description: "There is nothing to do" }),
  dependencies: Type.Array(Type.String(), { description: "Stacks that would be deployed first" }),
  pulls: Type.Array(Type.String(), { description: "Images that would be fetched" }),
  networks: Ensured,
  volumes: Ensured,
  containers: Type.Array(
    Type.Object({
      service: Type.String(),
      name: Type.String(),
      action: Type.Unsafe<ContainerChange["action"]>(Type.Enum([...containerActions])),
      because: Type.Optional(
        Type.Unsafe<ContainerChange["because"]>({
          ...Type.Enum([...containerReasons]),
          description:
            "How it differs from what the file says. `changed`: it was made of something else; `image`: its image's name means another one by now; `shared`: it is " +
            "in the network of one that gives way; `unknown`: the file has no such service, and it is left alone",
        }),
      ),
    }),
  ),
});

export function registerStackPlanRoutes(
  app: ApiInstance,
  { stacks: { plans } }: Pick<DockmeshParts, "stacks">,
  { guards }: Toolbox,
): void {
  app.get(
    `${basePath}/stacks/:name/plan`,
    {
      onRequest: guards.may("stack.deploy"),
      schema: {
        ...{ tags: ["stacks"], security: bearer, params: StackPath },
        operationId: "stacks.plan",
        summary: "Tell what deploying a stack would do, and how what runs differs from its file; nothing is changed",
        querystring: Type.Object({
          ...HostQuery.properties,
          environment: Type.Optional(Type.String({ description: "An overlay; absent: the active one, or none" })),
        }),
        response: { 200: Plan, ...errorReplies(400, 401, 403, 404, 422, 503) },
      },
    },
    async (request) => {
      const { environment = "" } = request.query;
      const options = { ...onHost(request), ...(environment !== "" && { environment }) };
      return planToWire(await plans.plan(request.params.name, options));
    },
  );
}

function planToWire(plan: StackPlan): Static<typeof Plan> {
  const { stack, environment, dependencies, pulls, networks, volumes, containers } = plan;
  const isThere = [...networks, ...volumes].every(({ created }) => !created);
  return {
    ...{ stack, ...(environment !== undefined && { environment }) },
    settled:
      isThere &&
      dependencies.length + pulls.length === 0 &&
      containers.every(({ action }) => action === "keep" || action === "leave"),
    ...{ dependencies: [...dependencies], pulls: [...pulls], networks: [...networks], volumes: [...volumes] },
    containers: containers.map((one) => ({ ...one })),
  };
}
