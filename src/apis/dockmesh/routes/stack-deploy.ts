/** Stacks brought up, looked at and stopped. */
import { Type } from "typebox";
import { principalOf } from "../../../identity/admission.ts";
import { isYardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { DeployResult, deploying, deployResultToWire, StackPath } from "../deploy-words.ts";
import { errorReplies, WireError } from "../errors.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer, Done, Flag, HostQuery, isSet } from "../schemas.ts";
import { onHost } from "../stack-caller.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["stacks"], security: bearer, params: StackPath };

const StatusRow = Type.Object({
  service: Type.String(),
  container_id: Type.String(),
  state: Type.Unsafe<string>(Type.Enum(["created", "restarting", "running", "removing", "paused", "exited", "dead"])),
  status: Type.String({ description: "For people: how long it has been so, and how healthy it is" }),
  image: Type.String(),
});

export function registerStackDeployRoutes(
  app: ApiInstance,
  { stacks: { deploys, ends } }: Pick<DockmeshParts, "stacks">,
  { guards, trail }: Toolbox,
): void {
  app.post(
    `${basePath}/stacks/:name/deploy`,
    {
      onRequest: guards.may("stack.deploy"),
      schema: {
        ...about,
        operationId: "stacks.deploy",
        summary: "Make a host run what a stack's files describe; stacks that it depends on come first",
        querystring: Type.Object({
          ...HostQuery.properties,
          environment: Type.Optional(Type.String({ description: "An overlay; absent: the active one, or none" })),
        }),
        response: { 200: DeployResult, ...errorReplies(400, 401, 403, 404, 409, 422, 424, 503) },
      },
    },
    async (request) => {
      const { name } = request.params;
      const { host = "local", environment = "" } = request.query;
      const what = { action: "stack.deploy", target: name, details: { host, environment } };
      const deploy = () => deploys.deploy(name, { ...onHost(request), ...(environment !== "" && { environment }) });
      return trail.change(request, principalOf(request), what, () =>
        deploying(async () => deployResultToWire(await deploy())),
      );
    },
  );

  app.post(
    `${basePath}/stacks/:name/stop`,
    {
      onRequest: guards.may("stack.deploy"),
      schema: {
        ...about,
        operationId: "stacks.stop",
        summary: "Stop and remove a stack's containers; networks, volumes and files stay",
        querystring: Type.Object({ ...HostQuery.properties, force: Flag }),
        response: { 204: Done, ...errorReplies(400, 401, 403, 404, 409, 503) },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const { host = "local", force } = request.query;
      const what = { action: "stack.stop", target: name, details: { host } };
      await trail.change(request, principalOf(request), what, () =>
        withDependents(() => ends.stop(name, { ...onHost(request), isForced: isSet(force) })),
      );
      return reply.code(204).send();
    },
  );

  app.get(
    `${basePath}/stacks/:name/status`,
    {
      onRequest: guards.may("read"),
      schema: {
        ...about,
        operationId: "stacks.status",
        summary: "List a stack's containers on a host, by service",
        querystring: HostQuery,
        response: { 200: Type.Array(StatusRow), ...errorReplies(400, 401, 403, 404, 503) },
      },
    },
    async (request) => {
      const containers = await ends.status(request.params.name, onHost(request));
      return containers.map(({ id, service, state, status, image }) => ({
        ...{ service, container_id: id, state, status, image },
      }));
    },
  );
}

/** Tells which stacks are in the way, and that they need not be. */
export async function withDependents<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const dependents = isYardError(error, "conflict") ? error.details?.dependents : undefined;
    if (!isYardError(error) || dependents === undefined) throw error;
    throw new WireError("conflict", error.message, {
      cause: error,
      also: { dependents, force_needed: true, message: error.message },
    });
  }
}
