/** Files of a capsule: listed, read, directories made, removed; each by a JSON body. */
import type { Readable } from "node:stream";
import { Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { bodyStatuses, errorReplies } from "../errors.ts";
import { FileEntryReply, fileEntryToWire, PathBody, pathFromWire } from "../file-words.ts";
import { principalOf } from "../guards.ts";
import { enterFirst, fileErrors, insideOf, insideStatuses } from "../inside.ts";
import { ownerNames } from "../owner-names.ts";
import type { CapsuleParts } from "../parts.ts";
import { IdPath, Int32, maybe, NoContent, teamSecurity } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["Files"], security: teamSecurity, params: IdPath };
const failures = errorReplies(...bodyStatuses, ...insideStatuses);

/** A reply holds no more: reading and writing that many as JSON takes a fifth of a second in which nobody else is served. */
const mostEntries = 20_000;
/** Whoever asks for all that is below asks for more than there can be. */
const mostLevels = 1_000;
/** A download on which nothing moves for this long is cut. */
const stallMs = 120_000;

const Content = {
  description: "The bytes of the file. One that breaks off is not whole",
  content: { "application/octet-stream": { schema: Type.Unsafe<Readable>({ type: "string", format: "binary" }) } },
};

export function registerFileRoutes(app: ApiInstance, parts: CapsuleParts, toolbox: Toolbox): void {
  registerRead(app, parts, toolbox);
  registerList(app, parts, toolbox);
  registerMakeDirectory(app, parts, toolbox);
  registerRemove(app, parts, toolbox);
}

function registerRead(app: ApiInstance, { capsules }: CapsuleParts, { guards }: Toolbox): void {
  for (const [url, operationId, summary] of [
    ["/v1/capsules/:id/files/read", "downloadFile", "Read a file"],
    ["/v1/capsules/:id/files/stream/read", "streamDownloadFile", "Read a file of any size"],
  ] as const) {
    app.post(
      url,
      {
        onRequest: enterFirst(guards.team("capsules.run"), capsules),
        schema: { ...about, operationId, summary, body: PathBody, response: { 200: Content, ...failures } },
      },
      async (request, reply) => {
        const { content } = await insideOf(request).files.read(pathFromWire(request.body.path)).catch(fileErrors);
        reply.raw.setTimeout(stallMs);
        // In chunks, without a length: a file may grow or shrink while it is read.
        return reply.type("application/octet-stream").send(content);
      },
    );
  }
}

function registerList(app: ApiInstance, { capsules }: CapsuleParts, { guards }: Toolbox): void {
  app.post(
    "/v1/capsules/:id/files/list",
    {
      onRequest: enterFirst(guards.team("capsules.run"), capsules),
      schema: {
        ...about,
        operationId: "listDir",
        summary: "List what is in a directory",
        body: Type.Object({
          ...PathBody.properties,
          depth: maybe(Int32({ minimum: 0, default: 1, description: "Levels of directories; 0 and 1: only its own" })),
        }),
        response: { 200: Type.Object({ entries: Type.Array(FileEntryReply) }), ...failures },
      },
    },
    async (request) => {
      const { files } = insideOf(request);
      const options = { depth: Math.min(request.body.depth || 1, mostLevels), maxEntries: mostEntries };
      const entries = await files.list(pathFromWire(request.body.path), options).catch(fileErrors);
      if (entries.length === 0) return { entries: [] };
      const names = await ownerNames(files).catch(fileErrors);
      return { entries: entries.map((entry) => fileEntryToWire(entry, names)) };
    },
  );
}

function registerMakeDirectory(app: ApiInstance, { capsules }: CapsuleParts, { guards, trail }: Toolbox): void {
  app.post(
    "/v1/capsules/:id/files/mkdir",
    {
      onRequest: enterFirst(guards.team("capsules.run"), capsules),
      schema: {
        ...about,
        operationId: "makeDir",
        summary: "Make a directory, and those it is in",
        body: PathBody,
        response: { 200: Type.Object({ entry: FileEntryReply }), ...failures },
      },
    },
    async (request) => {
      const { files } = insideOf(request);
      const path = pathFromWire(request.body.path);
      const made = await files.makeDirectory(path).catch(fileErrors);
      const what = {
        action: "capsule.file.mkdir",
        target: request.params.id,
        outcome: "done",
        details: { path },
      } as const;
      trail.recordSoon(request, principalOf(request), what);
      return { entry: fileEntryToWire(made, await ownerNames(files).catch(fileErrors)) };
    },
  );
}

function registerRemove(app: ApiInstance, { capsules }: CapsuleParts, { guards, trail }: Toolbox): void {
  app.post(
    "/v1/capsules/:id/files/remove",
    {
      onRequest: enterFirst(guards.team("capsules.run"), capsules),
      schema: {
        ...about,
        operationId: "removePath",
        summary: "Remove a file or a directory with all that is in it; what is not there is no error",
        body: PathBody,
        response: { 204: NoContent, ...failures },
      },
    },
    async (request, reply) => {
      const path = pathFromWire(request.body.path);
      await insideOf(request).files.remove(path).catch(fileErrors);
      const what = {
        action: "capsule.file.remove",
        target: request.params.id,
        outcome: "done",
        details: { path },
      } as const;
      trail.recordSoon(request, principalOf(request), what);
      return reply.code(204).send();
    },
  );
}
