/** `POST /yard/v1/templates`: an archive of a root file system becomes a template of capsules, whole or not at all. */
import type { Readable } from "node:stream";
import { Type } from "typebox";
import type { WantedImport } from "../../../capsules/capsule.ts";
import type { Trail } from "../../../identity/trail.ts";
import { isYardError, YardError } from "../../../platform/errors.ts";
import type { ApiInstance, ApiRequest } from "../../../platform/http/api.ts";
import { discardBody, streamBodies } from "../../../platform/http/bodies.ts";
import { errorReplies } from "../errors.ts";
import { bearer, type Guard, principalOf } from "../guard.ts";
import type { TemplateParts, YardApiParts } from "../parts.ts";

/** A connection on which nothing moves for this long is cut. */
const stallMs = 120_000;

const NewTemplate = Type.Object(
  {
    name: Type.String(),
    bytes: Type.Integer({ description: "Of its files together" }),
    shared: Type.Boolean({ description: "Everybody's" }),
  },
  { description: "Capsules can be made of it" },
);

const Query = Type.Object({
  name: Type.String({ description: "Of the template: letters, digits, dots, hyphens and underscores" }),
  shared: Type.Boolean({ default: false, description: "Make it everybody's; for administrators" }),
  driver: Type.Optional(Type.String({ description: "Whose capsules start from it; otherwise the yard chooses" })),
  vcpus: Type.Integer({ minimum: 1, maximum: 1024, default: 1, description: "With memory_mb" }),
  memory_mb: Type.Optional(
    Type.Integer({
      ...{ minimum: 1, maximum: 16 * 1024 ** 2 },
      description:
        "Make it ready for capsules of that size: one boots, where they are machines, and the next ones need not",
    }),
  ),
});

type Parts = Pick<YardApiParts, "templates">;

export function registerTemplateUpload(app: ApiInstance, parts: Parts, guard: Guard, trail: Trail): void {
  app.register(async (uploads: ApiInstance) => {
    streamBodies(uploads);
    registerUpload(uploads, parts, guard, trail);
  });
}

function registerUpload(app: ApiInstance, { templates }: Parts, guard: Guard, trail: Trail): void {
  app.post(
    "/yard/v1/templates",
    {
      onRequest: guard("templates.write"),
      schema: {
        tags: ["Templates"],
        security: bearer,
        operationId: "importTemplate",
        summary: "Make a template of capsules of a root file system in a tar archive",
        description:
          "Plain or gzipped. It is kept on the host that the yard chooses, and belongs to the team that the token is for.",
        querystring: Query,
        body: { content: { "application/x-tar": { schema: Type.String({ format: "binary" }) } } },
        response: { 201: NewTemplate, ...errorReplies(400, 401, 403, 404, 409, 412, 413, 429, 503, 507) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { name, shared, driver, vcpus, memory_mb: memoryMb } = request.query;
      if (shared && !principal.isAdmin)
        throw new YardError("forbidden", "Only administrators make templates for everybody.", { field: "shared" });
      const readyFor = memoryMb === undefined ? undefined : { vcpus, memoryMb };
      const made = await receive(request, templates, { name, isShared: shared, driver, readyFor });
      await trail.record(request, principal, {
        ...{ action: "template.import", target: name, outcome: "done", details: { shared } },
      });
      return reply.code(201).send({ name: made.name, bytes: made.sizeBytes, shared: made.isShared });
    },
  );
}

async function receive(
  request: ApiRequest,
  { importTemplate, scopeOf }: TemplateParts,
  wanted: Omit<WantedImport, "archive">,
) {
  const scope = await scopeOf(principalOf(request));
  request.raw.setTimeout(stallMs);
  request.raw.once("end", () => request.raw.setTimeout(0)); // what is done with it then takes its time
  try {
    // An empty body is no body: what it lacks is what the archive's reader misses.
    const archive = (request.body as Readable | undefined) ?? request.raw;
    return await importTemplate(scope, { ...wanted, archive });
  } catch (error) {
    if (!isYardError(error) && request.raw.errored)
      throw new YardError("interrupted", "The client left before its archive was complete.", { cause: error });
    discardBody(request);
    throw error;
  } finally {
    request.raw.setTimeout(0);
  }
}
