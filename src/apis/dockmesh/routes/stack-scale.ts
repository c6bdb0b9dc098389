/** How many containers a stack's services have, and how those are replaced. */
import { type Static, Type } from "typebox";
import type { RolledTo, ScaleFacts } from "../../../containers/stacks/stack-scaling.ts";
import { principalOf } from "../../../identity/admission.ts";
import { isYardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { deploying, StackPath } from "../deploy-words.ts";
import { ErrorReply, errorReplies, WireError } from "../errors.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer, HostQuery } from "../schemas.ts";
import { onHost } from "../stack-caller.ts";
import type { Toolbox } from "../toolbox.ts";

const ServicePath = Type.Object({
  ...StackPath.properties,
  service: Type.String({ description: "As the file calls it" }),
});
const about = { tags: ["stacks"], security: bearer, querystring: HostQuery };

const ScaleCheck = Type.Object({
  service: Type.String(),
  current_replicas: Type.Integer(),
  has_container_name: Type.Boolean(),
  has_hard_port: Type.Boolean({ description: "It takes a port of the host that only one container can have" }),
  hard_port_detail: Type.Optional(Type.String()),
  is_stateful: Type.Boolean({ description: "Each container of its image would keep data of its own" }),
  stateful_image: Type.Optional(Type.String()),
  has_volumes: Type.Boolean(),
});

const ScaleResult = Type.Object({
  service: Type.String(),
  previous: Type.Integer({ description: "Containers that ran" }),
  current: Type.Integer(),
  created: Type.Integer(),
  removed: Type.Integer(),
});

const ScaleWarning = Type.Object(
  {
    error: Type.String(),
    warning: Type.String(),
    message: Type.String(),
    force_needed: Type.Boolean(),
  },
  { description: "It is possible, and seldom meant" },
);

const RollingUpdateResult = Type.Object({
  service: Type.String(),
  total_replicas: Type.Integer(),
  updated: Type.Integer(),
  failed: Type.Integer(),
  skipped: Type.Integer({ description: "Were not tried, because one before them failed" }),
  rolled_back: Type.Boolean(),
  previous_image: Type.Optional(Type.String()),
  new_image: Type.String(),
  errors: Type.Optional(Type.Array(Type.String())),
});

const RollingUpdate = Type.Object({
  parallelism: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  delay_seconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 3_600 })),
  order: Type.Optional(Type.Enum(["stop-first", "start-first"])),
  failure_action: Type.Optional(Type.Enum(["pause", "continue", "rollback"])),
});

export function registerStackScaleRoutes(
  app: ApiInstance,
  { stacks: { scaling } }: Pick<DockmeshParts, "stacks">,
  { guards, trail }: Toolbox,
): void {
  const onRequest = guards.may("stack.deploy");

  app.get(
    `${basePath}/stacks/:name/scale`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "stacks.scale_overview",
        summary: "Tell how many containers of each service run",
        params: StackPath,
        response: {
          200: Type.Array(Type.Object({ service: Type.String(), replicas: Type.Integer() })),
          ...errorReplies(400, 401, 403, 404, 422, 503),
        },
      },
    },
    async (request) => [...(await scaling.replicas(request.params.name, onHost(request)))],
  );

  app.get(
    `${basePath}/stacks/:name/services/:service/scale`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "stacks.scale_check",
        summary: "Tell whether a service can have several containers",
        params: ServicePath,
        response: { 200: ScaleCheck, ...errorReplies(400, 401, 403, 404, 422, 503) },
      },
    },
    async (request) => {
      const { name, service } = request.params;
      return factsToWire(await scaling.facts(name, service, onHost(request)));
    },
  );

  app.post(
    `${basePath}/stacks/:name/services/:service/scale`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "stacks.scale_set",
        summary: "Have so many containers of a service; those that have died are replaced",
        params: ServicePath,
        body: Type.Object({
          replicas: Type.Integer({ minimum: 0, maximum: 100 }),
          force: Type.Optional(Type.Boolean({ description: "Also of what keeps data" })),
        }),
        response: { 200: ScaleResult, ...errorReplies(400, 401, 403, 404, 422, 503), 409: ScaleWarning },
      },
    },
    async (request) => {
      const { name, service } = request.params;
      const { replicas, force: isForced = false } = request.body;
      const details = { host: request.query.host ?? "local", service, replicas };
      const what = { action: "stack.scale", target: name, details };
      return trail.change(request, principalOf(request), what, () =>
        withWarning(async () => ({
          service,
          ...(await deploying(() => scaling.scale(name, service, { ...onHost(request), replicas, isForced }))),
        })),
      );
    },
  );

  app.post(
    `${basePath}/stacks/:name/services/:service/rolling-update`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "stacks.rolling_update",
        summary: "Replace a service's containers a few at a time",
        params: ServicePath,
        body: RollingUpdate,
        response: {
          200: RollingUpdateResult,
          ...errorReplies(400, 401, 403, 404, 409, 422, 503),
          500: Type.Object({ ...ErrorReply.properties, result: Type.Optional(RollingUpdateResult) }),
        },
      },
    },
    async (request) => {
      const { name, service } = request.params;
      const { parallelism, delay_seconds: delaySeconds, order, failure_action: failureAction } = request.body;
      const what = { action: "stack.rolling_update", target: name, details: { service } };
      const options = {
        ...onHost(request),
        ...(parallelism !== undefined && { parallelism }),
        ...(delaySeconds !== undefined && { delayMs: delaySeconds * 1_000 }),
        ...(order !== undefined && { order }),
        ...(failureAction !== undefined && { failureAction }),
      };
      const rolled = await trail.change(request, principalOf(request), what, () =>
        deploying(() => scaling.roll(name, service, options)),
      );
      return requireWhole(service, rolled);
    },
  );
}

function factsToWire(facts: ScaleFacts): Static<typeof ScaleCheck> {
  const { service, replicas, hasContainerName, hasVolumes, fixedPort, statefulImage } = facts;
  return {
    ...{ service, current_replicas: replicas, has_container_name: hasContainerName, has_volumes: hasVolumes },
    has_hard_port: fixedPort !== undefined,
    ...(fixedPort !== undefined && { hard_port_detail: fixedPort }),
    is_stateful: statefulImage !== undefined,
    ...(statefulImage !== undefined && { stateful_image: statefulImage }),
  };
}

/** @throws {WireError} with the result, unless all went well */
function requireWhole(service: string, rolled: RolledTo): Static<typeof RollingUpdateResult> {
  const { total, updated, failed, skipped, rolledBack, previousImage, image, errors } = rolled;
  const result = {
    ...{ service, total_replicas: total, updated, failed, skipped, rolled_back: rolledBack, new_image: image },
    ...(previousImage !== undefined && { previous_image: previousImage }),
    ...(errors.length > 0 && { errors: [...errors] }),
  };
  if (failed === 0) return result;
  const message = `${failed} of ${total} containers of ${service} did not come up: ${errors[0]}`;
  throw new WireError("unavailable", message, { status: 500, also: { result } });
}

async function withWarning<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isYardError(error, "conflict") || error.details?.statefulImage === undefined) throw error;
    throw new WireError("conflict", error.message, {
      cause: error,
      also: { warning: "stateful_service", message: error.message, force_needed: true },
    });
  }
}
