/** What was deployed of a stack, how it went, and back to it. */
import { Type } from "typebox";
import type { Deployment } from "../../../containers/stacks/deployments.ts";
import { isStackWithin, requireStackWithin } from "../../../containers/stacks/stack-reach.ts";
import { principalOf } from "../../../identity/admission.ts";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import {
  DeployHistoryEntry,
  DeployResult,
  deployedAt,
  deploying,
  deploymentToWire,
  deployResultToWire,
  StackPath,
} from "../deploy-words.ts";
import { errorReplies } from "../errors.ts";
import { reachOf } from "../guards.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer, HostQuery } from "../schemas.ts";
import { onHost } from "../stack-caller.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["stacks"], security: bearer };
const DeploymentPath = Type.Object({
  ...StackPath.properties,
  id: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
});

const usualLimit = 50;
const mostListed = 200;

export function registerStackHistoryRoutes(
  app: ApiInstance,
  { stacks: { deploys, deployments }, dockerHosts }: Pick<DockmeshParts, "stacks" | "dockerHosts">,
  { guards, trail }: Toolbox,
): void {
  const onRequest = guards.may("stack.deploy");

  app.get(
    `${basePath}/stacks/:name/deployments`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "stacks.deployments_list",
        summary: "List a stack's deployments, the newest first",
        params: StackPath,
        querystring: Type.Object({
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: mostListed, default: usualLimit })),
        }),
        response: { 200: Type.Array(DeployHistoryEntry), ...errorReplies(400, 401, 403) },
      },
    },
    async (request) => {
      const found = await deployments.list(request.params.name, request.query.limit ?? usualLimit);
      const within = found.filter((one) => isStackWithin(one, reachOf(request), dockerHosts));
      return within.map((one) => deploymentToWire(one, dockerHosts));
    },
  );

  app.get(
    `${basePath}/stacks/:name/deployments/:id`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "stacks.deployment_get",
        summary: "Look at a deployment, with the file that was deployed",
        params: DeploymentPath,
        response: { 200: DeployHistoryEntry, ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request) => {
      const { name, id } = request.params;
      const found = await deployments.get(name, id);
      if (found?.state !== "done") throw unknown(name, id);
      requireStackWithin(found, reachOf(request), dockerHosts);
      return { ...deploymentToWire(found, dockerHosts), compose_yaml: found.compose };
    },
  );

  app.get(
    `${basePath}/stacks/:name/deployments/:id/log`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "stacks.deployment_log",
        summary: "Read what a deployment did, step by step; also of one that is under way, or has failed",
        params: Type.Object({
          ...StackPath.properties,
          id: Type.String({ pattern: "^(latest|[1-9][0-9]{0,15})$", description: "A deployment's, or `latest`" }),
        }),
        response: { 200: DeploymentLog, ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request) => {
      const { name, id } = request.params;
      const found = await (id === "latest" ? deployments.newest(name) : deployments.get(name, Number(id)));
      if (!found) throw unknown(name, id);
      requireStackWithin(found, reachOf(request), dockerHosts);
      return logToWire(found, await deployments.steps(found.id));
    },
  );

  app.post(
    `${basePath}/stacks/:name/deployments/:id/rollback`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "stacks.deployment_rollback",
        summary: "Put the file of an earlier deployment back, and deploy it",
        params: DeploymentPath,
        querystring: HostQuery,
        response: {
          200: Type.Object({
            rolled_back_to: Type.Integer(),
            deployed_at_orig: Type.Optional(Type.String({ format: "date-time" })),
            result: DeployResult,
          }),
          ...errorReplies(400, 401, 403, 404, 409, 422, 424, 503),
        },
      },
    },
    async (request) => {
      const { name, id } = request.params;
      const what = { action: "stack.rollback", target: name, details: { deployment: id } };
      return trail.change(request, principalOf(request), what, () =>
        deploying(async () => {
          const { to, report } = await deploys.rollback(name, id, onHost(request));
          return { rolled_back_to: id, deployed_at_orig: deployedAt(to), result: deployResultToWire(report) };
        }),
      );
    },
  );
}

const DeploymentLog = Type.Object({
  deployment_id: Type.Integer(),
  state: Type.Enum(["running", "done", "failed"]),
  error: Type.Optional(Type.String()),
  steps: Type.Array(Type.Object({ time: Type.String({ format: "date-time" }), text: Type.String() })),
});

function logToWire({ id, state, error }: Deployment, steps: readonly { readonly at: number; readonly text: string }[]) {
  return {
    ...{ deployment_id: id, state, ...(error !== undefined && { error }) },
    steps: steps.map(({ at, text }) => ({ time: new Date(at).toISOString(), text })),
  };
}

function unknown(stack: string, id: number | string): YardError {
  return new YardError("not_found", `The stack ${stack} has no deployment ${id}.`);
}
