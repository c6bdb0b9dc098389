/** Files left in a capsule by a form, whose bodies are read as they come. */
import multipart from "@fastify/multipart";
import { Type } from "typebox";
import { holdOnDisk } from "../../../platform/anonymous-file.ts";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance, ApiRequest } from "../../../platform/http/api.ts";
import { streamBodies } from "../../../platform/http/bodies.ts";
import { callerOf } from "../callers.ts";
import { errorReplies } from "../errors.ts";
import { principalOf } from "../guards.ts";
import { enterFirst, fileErrors, insideOf, insideStatuses } from "../inside.ts";
import type { CapsuleParts } from "../parts.ts";
import { IdPath, NoContent, teamSecurity } from "../schemas.ts";
import { createSeats } from "../seats.ts";
import type { Toolbox } from "../toolbox.ts";
import { formOptions, readForm } from "../upload-form.ts";

/** Of the whole body, where it is not meant for files of any size. */
const mostBytes = 100 * 1024 * 1024;
/** Of a team at one time: forms that are held on the yard's disk. */
const mostHeld = 4;
/** A connection on which nothing moves for this long is cut. */
const stallMs = 120_000;

const Form = {
  content: {
    "multipart/form-data": {
      schema: Type.Object({
        path: Type.String({ description: "Where to: absolute, or from root's home directory on" }),
        file: Type.String({ format: "binary", description: "The content; the part's own file name means nothing" }),
      }),
    },
  },
};

interface UploadRoute {
  readonly url: string;
  readonly operationId: string;
  readonly summary: string;
  /** @returns the path that was written */
  readonly receive: (request: ApiRequest, parts: CapsuleParts) => Promise<string>;
}

export function registerFileUploadRoutes(app: ApiInstance, parts: CapsuleParts, toolbox: Toolbox): void {
  const receiveBounded = createReceiveBounded();
  app.register(async (uploads: ApiInstance) => {
    streamBodies(uploads);
    await uploads.register(multipart, formOptions);
    registerUpload(uploads, parts, toolbox, {
      url: "/v1/capsules/:id/files/write",
      operationId: "uploadFile",
      summary: "Write a file of up to 100 MiB",
      receive: receiveBounded,
    });
    registerUpload(uploads, parts, toolbox, {
      url: "/v1/capsules/:id/files/stream/write",
      operationId: "streamUploadFile",
      summary: "Write a file of any size; in the form the path comes before it",
      receive: receiveStream,
    });
  });
}

function registerUpload(
  app: ApiInstance,
  parts: CapsuleParts,
  { guards, trail }: Toolbox,
  { url, receive, ...about }: UploadRoute,
): void {
  app.post(
    url,
    {
      onRequest: enterFirst(guards.team("capsules.run"), parts.capsules),
      schema: {
        ...about,
        ...{ tags: ["Files"], security: teamSecurity, params: IdPath },
        description: "Makes the directories it is in; one that is there keeps its mode.",
        body: Form,
        response: { 204: NoContent, ...errorReplies(...insideStatuses, 413, 429, 507) },
      },
    },
    async (request, reply) => {
      request.raw.setTimeout(stallMs);
      const path = await receive(request, parts).catch(fileErrors);
      const { id } = request.params as { id: string };
      const what = { action: "capsule.file.write", target: id, outcome: "done", details: { path } } as const;
      trail.recordSoon(request, principalOf(request), what);
      return reply.code(204).send();
    },
  );
}

function receiveStream(request: ApiRequest): Promise<string> {
  return readForm(request, async (content, path) => {
    if (path === undefined)
      throw new YardError("invalid", "must come before the file, to be streamed", { field: "path" });
    await insideOf(request).files.write(path, content);
  });
}

/** Straight into the capsule, if it is known where to and that it is not too much; else it is held on the disk until both are. */
function createReceiveBounded(): UploadRoute["receive"] {
  const seats = createSeats(mostHeld, "forms without a length, or with the path at their end,");

  return async function receiveBounded(request, { holdingDirectory }) {
    const { files } = insideOf(request);
    const length = Number(request.headers["content-length"] ?? Number.NaN);
    if (length > mostBytes) throw tooLarge();
    await using held = new AsyncDisposableStack();
    let late: AsyncIterable<Uint8Array> | undefined;
    const path = await readForm(request, async (content, known) => {
      if (known !== undefined && length <= mostBytes) return void (await files.write(known, content));
      held.use(seats.take(callerOf(request).teamId));
      late = held.use(await holdOnDisk(holdingDirectory, bounded(content))).content();
    });
    if (late) await files.write(path, late);
    return path;
  };
}

async function* bounded(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let bytes = 0;
  for await (const chunk of content) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw tooLarge();
    yield chunk;
  }
}

function tooLarge(): YardError {
  const message = `The form is larger than ${mostBytes} bytes; larger files go through files/stream/write.`;
  return new YardError("too_large", message, { field: "file" });
}
