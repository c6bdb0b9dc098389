/** Templates: listed, made of a capsule, removed. */
import { Type } from "typebox";
import { isYardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { callerOf } from "../callers.ts";
import { TemplateReply, templateToWire } from "../capsule-words.ts";
import { bodyStatuses, errorReplies, WireError } from "../errors.ts";
import { principalOf } from "../guards.ts";
import { idFromWire } from "../ids.ts";
import { capsuleErrors } from "../inside.ts";
import type { CapsuleParts } from "../parts.ts";
import { maybe, NoContent, teamSecurity } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["Snapshots"], security: teamSecurity };

const NewSnapshotBody = Type.Object({
  sandbox_id: Type.String({ description: "Of a capsule that runs or is paused" }),
  name: maybe(Type.String({ description: "Made up if there is none" })),
});

export function registerSnapshotRoutes(app: ApiInstance, parts: CapsuleParts, toolbox: Toolbox): void {
  registerCapture(app, parts, toolbox);
  registerList(app, parts, toolbox);
  registerRemoval(app, parts, toolbox);
}

function registerCapture(app: ApiInstance, { capsules }: CapsuleParts, { guards, trail }: Toolbox): void {
  app.post(
    "/v1/snapshots",
    {
      onRequest: guards.team("templates.write"),
      schema: {
        ...about,
        operationId: "createSnapshot",
        summary: "Make a template of a capsule's files, which is paused by it and can be resumed",
        description: "Goes on when the client leaves. A template that is replaced stays until the new one is there.",
        querystring: Type.Object({
          overwrite: Type.Optional(
            Type.Enum(["true", "false"], { description: "`true`: in place of the team's template of that name" }),
          ),
        }),
        body: NewSnapshotBody,
        response: { 201: TemplateReply, ...errorReplies(...bodyStatuses, 401, 403, 404, 409, 502, 503) },
      },
    },
    async (request, reply) => {
      const { sandbox_id: capsule, name } = request.body;
      const wanted = {
        capsuleId: idFromWire("capsule", capsule, "sandbox_id"),
        name: name || undefined,
        replace: request.query.overwrite === "true",
      };
      const template = await capsules.templates.capture(callerOf(request), wanted).catch(captureErrors);
      const what = { action: "template.create", target: template.name, outcome: "done", details: { capsule } } as const;
      await trail.record(request, principalOf(request), what);
      return reply.code(201).send(templateToWire(template));
    },
  );
}

/** Two conflicts that clients tell apart: of the name, and of the capsule. */
function captureErrors(error: unknown): never {
  if (!isYardError(error, "conflict") || error.field !== "name") return capsuleErrors(error);
  const code = error.details?.reserved === true ? "name_reserved" : "already_exists";
  throw new WireError("conflict", code, error.message, { field: "name", cause: error });
}

function registerList(app: ApiInstance, { capsules }: CapsuleParts, { guards }: Toolbox): void {
  app.get(
    "/v1/snapshots",
    {
      onRequest: guards.team("capsules.view"),
      schema: {
        ...about,
        operationId: "listSnapshots",
        summary: "List the team's templates and those of everybody, newest first",
        querystring: Type.Object({
          type: Type.Optional(Type.String({ description: "`base` or `snapshot`; of any other type there are none" })),
        }),
        response: { 200: Type.Array(TemplateReply), ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request) => {
      const kind = request.query.type || undefined;
      return (await capsules.templates.list(callerOf(request).teamId, { kind })).map(templateToWire);
    },
  );
}

function registerRemoval(app: ApiInstance, { capsules }: CapsuleParts, { guards, trail }: Toolbox): void {
  app.delete(
    "/v1/snapshots/:name",
    {
      onRequest: guards.team("templates.write"),
      schema: {
        ...about,
        operationId: "deleteSnapshot",
        summary: "Remove a template of the team; what was made of it goes on",
        params: Type.Object({ name: Type.String() }),
        response: { 204: NoContent, ...errorReplies(400, 401, 403, 404, 502, 503) },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const remove = () => capsules.templates.remove(callerOf(request), name);
      await trail.change(request, principalOf(request), { action: "template.remove", target: name }, remove);
      return reply.code(204).send();
    },
  );
}
