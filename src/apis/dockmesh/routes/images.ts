/** Images of the fleet's engines. */
import { Readable } from "node:stream";
import { Type } from "typebox";
import type { EngineRecord } from "../../../containers/engine-record.ts";
import { listImages, pruneImages, removeImage } from "../../../containers/images.ts";
import { principalOf } from "../../../identity/admission.ts";
import { isYardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { requestSignal } from "../../../platform/http/request-signal.ts";
import { createAskedHosts } from "../asked-hosts.ts";
import { asItIs, ImageSummary, passedOn, rowsReply } from "../engine-words.ts";
import { errorReplies } from "../errors.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer, Flag, HostQuery, isSet } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["images"], security: bearer };
const things = Type.Array(Type.Object({}, { additionalProperties: true }));

export function registerImageRoutes(
  app: ApiInstance,
  { dockerHosts, imagePulls }: Pick<DockmeshParts, "dockerHosts" | "imagePulls">,
  { guards, trail }: Toolbox,
): void {
  const asked = createAskedHosts(dockerHosts);

  app.get(
    `${basePath}/images`,
    {
      ...asItIs,
      onRequest: guards.may("read"),
      schema: {
        ...about,
        operationId: "images.list",
        summary: "List images; with `host=all` those of the fleet",
        querystring: Type.Object({ ...HostQuery.properties, all: Flag }),
        response: { 200: rowsReply(ImageSummary), ...errorReplies(400, 401, 403, 503) },
      },
    },
    (request) => {
      const all = isSet(request.query.all);
      return asked.rows(request, (host) => listImages(host, { all }));
    },
  );

  app.post(
    `${basePath}/images/pull`,
    {
      onRequest: guards.may("image.write"),
      schema: {
        ...about,
        operationId: "images.pull",
        summary: "Have an image fetched from its registry; whoever hangs up gives it up",
        querystring: HostQuery,
        body: Type.Object({ image: Type.String({ minLength: 1, maxLength: 512, description: "`nginx:1.27`" }) }),
        response: {
          200: {
            description:
              "The engine's progress, one JSON object a line; one with `error` says what went wrong later on",
            content: { "application/x-ndjson": { schema: passedOn<Readable>(Type.String()) } },
          },
          ...errorReplies(400, 401, 403, 422, 503),
        },
      },
    },
    async (request, reply) => {
      const host = asked.one(request);
      const { image } = request.body;
      const what = { action: "image.pull", target: image, details: { host: host.name } };
      const progress = await trail.change(request, principalOf(request), what, () =>
        imagePulls.start(host, image, requestSignal(reply)),
      );
      return reply.type("application/x-ndjson").send(Readable.from(linesOf(progress)));
    },
  );

  app.delete(
    `${basePath}/images/:id`,
    {
      ...asItIs,
      onRequest: guards.may("image.write"),
      schema: {
        ...about,
        operationId: "images.remove",
        summary: "Remove an image, or one of its names",
        params: Type.Object({ id: Type.String({ description: "An id, its beginning, or a name, percent-encoded" }) }),
        querystring: Type.Object({ ...HostQuery.properties, force: Flag }),
        response: {
          200: passedOn<readonly EngineRecord[]>(things),
          ...errorReplies(400, 401, 403, 404, 409, 503),
        },
      },
    },
    (request) => {
      const host = asked.one(request);
      const { id } = request.params;
      const what = { action: "image.remove", target: id, details: { host: host.name } };
      return trail.change(request, principalOf(request), what, () =>
        removeImage(host, id, { force: isSet(request.query.force) }),
      );
    },
  );

  app.post(
    `${basePath}/images/prune`,
    {
      ...asItIs,
      onRequest: guards.may("image.write"),
      schema: {
        ...about,
        operationId: "images.prune",
        summary: "Remove images that have no name and that no container is made of",
        querystring: HostQuery,
        response: {
          200: passedOn<EngineRecord>(
            Type.Object({
              ImagesDeleted: Type.Union([things, Type.Null()]),
              SpaceReclaimed: Type.Integer({ description: "Bytes" }),
            }),
          ),
          ...errorReplies(400, 401, 403, 503),
        },
      },
    },
    (request) => {
      const host = asked.one(request);
      const what = { action: "image.prune", target: host.name };
      return trail.change(request, principalOf(request), what, () => pruneImages(host));
    },
  );
}

/** The reply has begun: whatever breaks now is a line of it. */
async function* linesOf(progress: AsyncIterable<EngineRecord>): AsyncGenerator<string, void> {
  try {
    for await (const record of progress) yield `${JSON.stringify(record)}\n`;
  } catch (error) {
    yield `${JSON.stringify({ error: isYardError(error) ? error.message : "The connection to the Docker engine broke." })}\n`;
  }
}
