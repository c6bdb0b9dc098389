/** Capsules: made, listed, looked at, pinged, paused, resumed and destroyed. */
import { type Static, Type } from "typebox";
import type { NewCapsule } from "../../../capsules/capsule.ts";
import type { ApiInstance, ApiRequest } from "../../../platform/http/api.ts";
import { callerOf } from "../callers.ts";
import { CapsuleReply, capsuleToWire } from "../capsule-words.ts";
import { bodyStatuses, errorReplies, naming } from "../errors.ts";
import { principalOf } from "../guards.ts";
import { idFromWire, idToWire } from "../ids.ts";
import { agentErrors, capsuleErrors } from "../inside.ts";
import type { CapsuleParts } from "../parts.ts";
import { IdPath, Int32, maybe, NoContent, teamSecurity } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["Capsules"], security: teamSecurity };
const oneCapsule = { ...about, params: IdPath };

const NewCapsuleBody = Type.Object({
  template: maybe(Type.String({ default: "minimal", description: "What it starts from" })),
  vcpus: maybe(Int32({ default: 1, description: "0 or less: 1" })),
  memory_mb: maybe(Int32({ default: 512, description: "In MiB; 0 or less: 512. A snapshot brings its own" })),
  timeout_sec: maybe(Int32({ default: 0, description: "Paused after so long without use; 0 or less: never" })),
});

export function registerCapsuleRoutes(app: ApiInstance, parts: CapsuleParts, toolbox: Toolbox): void {
  registerCreation(app, parts, toolbox);
  registerReading(app, parts, toolbox);
  registerPing(app, parts, toolbox);
  registerPause(app, parts, toolbox);
  registerEnd(app, parts, toolbox);
}

function registerCreation(app: ApiInstance, { capsules }: CapsuleParts, { guards, trail }: Toolbox): void {
  app.post(
    "/v1/capsules",
    {
      onRequest: guards.team("capsules.run"),
      schema: {
        ...about,
        operationId: "createCapsule",
        summary: "Make a capsule; when this is answered, it runs",
        body: NewCapsuleBody,
        response: { 201: CapsuleReply, ...errorReplies(...bodyStatuses, 401, 403, 404, 409, 429, 502, 503) },
      },
    },
    async (request, reply) => {
      const capsule = await capsules.create(callerOf(request), newCapsuleFromWire(request.body)).catch(creationErrors);
      const [target, details] = [idToWire("capsule", capsule.id), { template: capsule.template }];
      const what = { action: "capsule.create", target, outcome: "done", details } as const;
      await trail.record(request, principalOf(request), what);
      return reply.code(201).send(capsuleToWire(capsule));
    },
  );
}

const creationErrors = naming({ ...agentErrors, unavailable: "no_hosts_available" });

function newCapsuleFromWire(body: Static<typeof NewCapsuleBody>): NewCapsule {
  return {
    template: body.template || undefined,
    vcpus: body.vcpus ?? undefined,
    memoryMb: body.memory_mb ?? undefined,
    idleTimeoutSeconds: body.timeout_sec ?? undefined,
  };
}

function registerReading(app: ApiInstance, { capsules }: CapsuleParts, { guards }: Toolbox): void {
  app.get(
    "/v1/capsules",
    {
      onRequest: guards.team("capsules.view"),
      schema: {
        ...about,
        operationId: "listCapsules",
        summary: "List the team's capsules, newest first, without those that have ended",
        response: { 200: Type.Array(CapsuleReply), ...errorReplies(401, 403, 404) },
      },
    },
    async (request) => (await capsules.list(callerOf(request).teamId)).map(capsuleToWire),
  );

  app.get(
    "/v1/capsules/:id",
    {
      onRequest: guards.team("capsules.view"),
      schema: {
        ...oneCapsule,
        operationId: "getCapsule",
        summary: "Look at a capsule, also at one that has ended",
        response: { 200: CapsuleReply, ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request) => capsuleToWire(await capsules.get(callerOf(request).teamId, capsuleIdOf(request))),
  );
}

function registerPing(app: ApiInstance, { capsules }: CapsuleParts, { guards }: Toolbox): void {
  app.post(
    "/v1/capsules/:id/ping",
    {
      onRequest: guards.team("capsules.run"),
      schema: {
        ...oneCapsule,
        operationId: "pingCapsule",
        summary: "Say that a capsule is in use, so that it is not paused",
        response: { 204: NoContent, ...errorReplies(400, 401, 403, 404, 409, 503) },
      },
    },
    async (request, reply) => {
      await capsules.ping(callerOf(request).teamId, capsuleIdOf(request)).catch(capsuleErrors);
      return reply.code(204).send();
    },
  );
}

function registerPause(app: ApiInstance, { capsules }: CapsuleParts, { guards, trail }: Toolbox): void {
  const moved = { 200: CapsuleReply, ...errorReplies(400, 401, 403, 404, 409, 502, 503, 507) };

  app.post(
    "/v1/capsules/:id/pause",
    {
      onRequest: guards.team("capsules.run"),
      schema: {
        ...oneCapsule,
        operationId: "pauseCapsule",
        summary: "Pause a running capsule",
        description: "Nothing in it runs until it is resumed. What is kept is told by `metadata.pause_keeps`.",
        response: moved,
      },
    },
    async (request) => {
      const what = { action: "capsule.pause", target: request.params.id };
      const pause = () => capsules.pause(callerOf(request), capsuleIdOf(request));
      return capsuleToWire(await trail.change(request, principalOf(request), what, pause).catch(capsuleErrors));
    },
  );

  app.post(
    "/v1/capsules/:id/resume",
    {
      onRequest: guards.team("capsules.run"),
      schema: {
        ...oneCapsule,
        operationId: "resumeCapsule",
        summary: "Let a paused capsule go on",
        response: moved,
      },
    },
    async (request) => {
      const what = { action: "capsule.resume", target: request.params.id };
      const resume = () => capsules.resume(callerOf(request), capsuleIdOf(request));
      return capsuleToWire(await trail.change(request, principalOf(request), what, resume).catch(capsuleErrors));
    },
  );
}

function registerEnd(app: ApiInstance, { capsules }: CapsuleParts, { guards, trail }: Toolbox): void {
  app.delete(
    "/v1/capsules/:id",
    {
      onRequest: guards.team("capsules.run"),
      schema: {
        ...oneCapsule,
        operationId: "destroyCapsule",
        summary: "End a capsule, with all that is in it; one that has ended stays so",
        response: { 204: NoContent, ...errorReplies(400, 401, 403, 404, 409, 502, 503) },
      },
    },
    async (request, reply) => {
      const what = { action: "capsule.destroy", target: request.params.id };
      const destroy = () => capsules.destroy(callerOf(request), capsuleIdOf(request));
      await trail.change(request, principalOf(request), what, destroy).catch(capsuleErrors);
      return reply.code(204).send();
    },
  );
}

/** @throws {YardError} invalid */
function capsuleIdOf(request: ApiRequest): string {
  return idFromWire("capsule", (request.params as { id: string }).id);
}
