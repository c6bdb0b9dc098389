/** `/yard/v1/blobs/…`: content up and down for whoever has a URL that the yard has signed. No other credential is asked for, and none is looked at. */
import { PassThrough, Readable } from "node:stream";
import { Type } from "typebox";
import type { Blob } from "../../../platform/blobs/blob-store.ts";
import { keyOfPath } from "../../../platform/blobs/signed-urls.ts";
import { contentDisposition } from "../../../platform/content-disposition.ts";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance, ApiReply, ApiRequest } from "../../../platform/http/api.ts";
import { streamBodies } from "../../../platform/http/bodies.ts";
import { askedRange } from "../../../platform/http/byte-range.ts";
import type { SignedBlobs } from "../parts.ts";
import { xmlErrors, xmlOf, xmlType } from "./blobs-errors.ts";

/** A connection on which nothing moves for this long is cut. */
const stallMs = 120_000;
const pipedBytes = 1024 ** 2;

const Params = Type.Object({ "*": Type.String({ description: "The blob's key, as the URL has it" }) });
const Query = Type.Object({
  // Without them a URL is refused as one that is wrong is: none of this is an input that its user has made.
  expires: Type.Optional(Type.String({ description: "Milliseconds since 1970, until when the URL is good" })),
  length: Type.Optional(Type.String({ description: "Bytes that the body must have" })),
  name: Type.Optional(Type.String({ description: "What a browser saves it as" })),
  signature: Type.Optional(Type.String({ description: "Of all that the URL grants" })),
});
const binary = "application/octet-stream";
const Content = { content: { [binary]: { schema: Type.Unsafe<Readable>({ type: "string", format: "binary" }) } } };

export function registerBlobRoutes(app: ApiInstance, blobs: SignedBlobs): void {
  streamBodies(app);
  registerDownload(app, blobs);
  registerUpload(app, blobs);
}

function registerDownload(app: ApiInstance, { store, signer }: SignedBlobs): void {
  app.get(
    "/yard/v1/blobs/*",
    {
      schema: {
        operationId: "getBlob",
        summary: "Content by a signed URL, or a range of it",
        tags: ["Blobs"],
        security: [],
        params: Params,
        querystring: Query,
        headers: Type.Object({
          Range: Type.Optional(Type.String({ description: "One range of bytes" })),
          "If-Range": Type.Optional(Type.String({ description: "The ETag that the range is meant for" })),
        }),
        response: {
          200: { description: "The content", ...Content },
          206: { description: "The range that was asked for", ...Content },
          ...xmlErrors(400, 403, 404, 416, 503),
        },
      },
    },
    async (request, reply) => {
      const { key, query } = verified(signer, request);
      const { bytes, sha256 } = await store.head(key);
      const tag = `"${sha256 ?? bytes}"`;
      const range = askedRange(request.headers.range, firstOf(request.headers["if-range"]), { bytes, tag });
      reply.headers({
        "accept-ranges": "bytes",
        etag: tag,
        "content-disposition": contentDisposition(query.get("name") ?? key.split("/").at(-1) ?? key),
      });
      if (!range) return refuseRange(request, reply, bytes);
      const { start, length, isPart } = range;
      if (isPart) reply.code(206).header("content-range", `bytes ${start}-${start + length - 1}/${bytes}`);
      reply.type(binary).header("content-length", length);
      reply.raw.setTimeout(stallMs);
      if (request.method === "HEAD") return reply.send(Readable.from([]));
      const blob = await store.get(key, { range: { offset: start, length } });
      if (blob.sha256 !== sha256) return replaced(blob);
      return reply.send(blob.stream);
    },
  );
}

function registerUpload(app: ApiInstance, { store, signer, uploads }: SignedBlobs): void {
  app.put(
    "/yard/v1/blobs/*",
    {
      schema: {
        operationId: "putBlob",
        summary: "Put content by a signed URL; it appears when all of it is saved",
        tags: ["Blobs"],
        security: [],
        params: Params,
        querystring: Query,
        headers: Type.Object({ "Content-Length": Type.Optional(Type.String({ description: "As it was signed" })) }),
        body: { content: { [binary]: { schema: Type.String({ format: "binary" }) } } },
        response: {
          200: Type.Unsafe<undefined>({ type: "null", description: "It is saved; the ETag is its SHA-256" }),
          ...xmlErrors(400, 403, 404, 408, 503, 507),
        },
      },
    },
    async (request, reply) => {
      const { key, contentLength } = verified(signer, request);
      await uploads.admit(key);
      request.raw.setTimeout(stallMs);
      const { sha256 } = await store.put(key, bodyOf(request), { bytes: contentLength, givesContent: true });
      request.raw.setTimeout(0); // what comes next on this connection has its own limits
      await uploads.arrived(key);
      return reply.header("etag", `"${sha256}"`).send(undefined);
    },
  );
}

/** @throws {YardError} forbidden; not_found, for what is no key */
function verified(signer: SignedBlobs["signer"], request: ApiRequest & { params: unknown }) {
  const key = keyOfPath((request.params as { "*": string })["*"]);
  const query = new URL(request.url, "http://yard").searchParams;
  const sent = request.headers["content-length"];
  const contentLength = sent === undefined ? undefined : Number(sent);
  if (request.method === "PUT" && (query.get("length") === null || contentLength === undefined))
    throw new YardError("forbidden", "An upload needs a Content-Length, the one that its URL was signed for.");
  signer.verify({ method: request.method, key, query, contentLength });
  return { key, query, contentLength };
}

/** The body, as a stream that may fail without the connection: its client is still to be told why. */
function bodyOf({ raw }: ApiRequest): Readable {
  const body = new PassThrough({ highWaterMark: pipedBytes });
  body.on("error", () => {}); // it may fail before the store has begun to read, which then is told
  raw.once("close", () => {
    if (!raw.readableEnded)
      body.destroy(new YardError("interrupted", "The client left before its content was complete."));
  });
  body.once("close", () => raw.unpipe(body).resume()); // what still comes is thrown away, until the client reads the reply
  return raw.pipe(body);
}

function refuseRange(request: ApiRequest, reply: ApiReply, bytes: number): ApiReply {
  reply.code(416).type(xmlType).header("content-range", `bytes */${bytes}`);
  return reply.send(xmlOf("InvalidRange", `The content has only ${bytes} bytes.`, request.id));
}

/** The headers speak of what was there before. */
function replaced({ stream }: Blob): never {
  stream.destroy();
  throw new YardError("unavailable", "The content was replaced just now. Try again.", { retryAfterMs: 0 });
}

function firstOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
