/** Files of the host, down and up. */

import type { OutgoingHttpHeaders } from "node:http";
import multipart from "@fastify/multipart";
import { Type } from "typebox";
import type { HostFile } from "../../../hosts/host-files.ts";
import type { Trail } from "../../../identity/trail.ts";
import { contentDisposition } from "../../../platform/content-disposition.ts";
import { isYardError, YardError } from "../../../platform/errors.ts";
import type { ApiInstance, ApiReply, ApiRequest } from "../../../platform/http/api.ts";
import { streamBodies } from "../../../platform/http/bodies.ts";
import { askedRange } from "../../../platform/http/byte-range.ts";
import { type Guard, principalOf } from "../authenticate.ts";
import type { AppMeshParts } from "../parts.ts";
import { errorReplies, Message } from "../schemas.ts";
import { formLimits, receiveContent } from "./files-body.ts";
import { pathsMeant } from "./files-path.ts";

/** Places of the operating system: nothing is read there and nothing put there, whatever leads to them. */
export const systemDirectories: readonly string[] = [
  ...["/etc", "/var", "/usr", "/bin", "/sbin", "/lib", "/lib64", "/proc", "/sys", "/boot"],
  ...["/dev", "/run"], // no files of anybody's, but devices and other programs' sockets
];

/** A connection on which nothing moves for this long is cut. */
const stallMs = 120_000;
const defaultMode = 0o644;

const FilePath = Type.String({ minLength: 1, description: "Absolute path on the host, encoded as in a form" });
const BinaryBody = { content: { "application/octet-stream": { schema: Type.String({ format: "binary" }) } } };

export function registerFileRoutes(app: ApiInstance, parts: AppMeshParts, guard: Guard, trail: Trail): void {
  app.get(
    "/appmesh/file/download",
    {
      onRequest: guard("file-download"),
      schema: {
        summary: "A file of the host, or a range of it; its mode, owner and group are in the headers",
        tags: ["Files"],
        security: [{ BearerAuth: [] }],
        headers: Type.Object({
          "X-File-Path": FilePath,
          Range: Type.Optional(Type.String({ description: "One range of bytes" })),
          "If-Range": Type.Optional(Type.String({ description: "The ETag that the range is meant for" })),
        }),
        response: {
          200: { description: "The file", ...BinaryBody },
          206: { description: "The range that was asked for", ...BinaryBody },
          ...errorReplies(400, 401, 404, 416),
        },
      },
    },
    async (request, reply) => {
      await using file = await openFirst(parts, pathsMeant(String(request.headers["x-file-path"])));
      return await sendFile(file, request, reply);
    },
  );

  app.register(async (uploads: ApiInstance) => {
    streamBodies(uploads);
    await uploads.register(multipart, { limits: formLimits });
    registerUpload(uploads, parts, guard, trail);
  });
}

function registerUpload(app: ApiInstance, parts: AppMeshParts, guard: Guard, trail: Trail): void {
  const { files, maxUploadBytes } = parts;
  app.post(
    "/appmesh/file/upload",
    {
      onRequest: guard("file-upload"),
      schema: {
        summary: "Put a new file on the host; one that exists is not overwritten",
        tags: ["Files"],
        security: [{ BearerAuth: [] }],
        headers: Type.Object({
          "X-File-Path": FilePath,
          "X-File-Mode": Type.Optional(
            Type.String({ description: "Permission bits as a decimal number: 420 is 0644" }),
          ),
          "X-File-User": Type.Optional(Type.String({ description: "Owner, name or number, if it can be given" })),
          "X-File-Group": Type.Optional(Type.String({ description: "Group, name or number, if it can be given" })),
        }),
        body: {
          content: {
            "multipart/form-data": {
              schema: Type.Object({
                file: Type.Optional(Type.String({ format: "binary", description: "Needed, in whatever order" })),
                filename: Type.Optional(Type.String({ description: "Ignored" })),
              }),
            },
            "application/octet-stream": { schema: Type.String({ format: "binary" }) },
          },
        },
        response: { 200: Message, ...errorReplies(400, 401, 408, 417) },
      },
    },
    async (request, reply) => {
      const [path] = pathsMeant(String(request.headers["x-file-path"]));
      const mode = modeOf(headerOf(request, "x-file-mode"));
      if (Number(request.headers["content-length"]) > maxUploadBytes + formLimits.fieldSize)
        throw tooLarge(maxUploadBytes);
      await using file = await files.create(path, { maxBytes: maxUploadBytes }).catch(nameHeader);
      request.raw.setTimeout(stallMs);
      await receiveContent(request, file.content);
      request.raw.setTimeout(0); // saving a large file takes its time
      const [user, group] = [headerOf(request, "x-file-user"), headerOf(request, "x-file-group")];
      await file.publish({ mode, user, group }).catch(nameHeader);
      await trail.record(request, principalOf(request), { action: "file.upload", target: path, outcome: "done" });
      return reply.send({ message: `${path} was saved` });
    },
  );
}

/** Of a path that may be meant in two ways, the first under which there is something. */
async function openFirst({ files }: AppMeshParts, paths: readonly [string, ...string[]]): Promise<HostFile> {
  const [path, ...others] = paths;
  const [other] = others;
  return files.open(path).catch((error: unknown) => {
    if (other !== undefined && isYardError(error, "not_found")) return files.open(other).catch(() => nameHeader(error));
    return nameHeader(error);
  });
}

/** Past Fastify's own sending of streams, which would need a new buffer for every chunk. */
async function sendFile(file: HostFile, request: ApiRequest, reply: ApiReply): Promise<ApiReply> {
  const tag = entityTag(file);
  const range = askedRange(request.headers.range, headerOf(request, "if-range"), { bytes: file.bytes, tag });
  if (!range) {
    const message = `Range: the file has only ${file.bytes} bytes`;
    return reply.code(416).header("content-range", `bytes */${file.bytes}`).send({ message });
  }
  const { start, length, isPart } = range;
  if (isPart) reply.header("content-range", `bytes ${start}-${start + length - 1}/${file.bytes}`);
  reply.headers({
    "content-type": "application/octet-stream",
    "content-length": length,
    "content-disposition": contentDisposition(file.name),
    "accept-ranges": "bytes",
    etag: tag,
    "x-file-mode": file.mode,
    "x-file-user": file.uid,
    "x-file-group": file.gid,
  });
  reply.hijack();
  const { raw } = reply;
  raw.setTimeout(stallMs);
  raw.writeHead(isPart ? 206 : 200, reply.getHeaders() as OutgoingHttpHeaders);
  try {
    if (request.method !== "HEAD") await file.sendTo(raw, range);
    raw.end();
  } catch (error) {
    request.log.debug({ requestId: request.id, err: error }, "a download broke off");
    raw.destroy(); // fewer bytes than were promised: the client is to see that
  }
  return reply;
}

/** Changes whenever the file does, as far as its clock can tell. */
function entityTag({ bytes, modifiedNs }: Pick<HostFile, "bytes" | "modifiedNs">): string {
  return `"${modifiedNs.toString(36)}-${bytes.toString(36)}"`;
}

function headerOf(request: ApiRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Some clients send the file's type along, as stat(2) gives it; only its permission bits count. */
function modeOf(header: string | undefined): number {
  if (header === undefined || header === "") return defaultMode;
  if (!/^\d{1,7}$/.test(header)) {
    throw new YardError("invalid", "is not a mode as a decimal number, such as 420 for 0644", { field: "X-File-Mode" });
  }
  return Number(header);
}

/** What is wrong with the path is wrong with the header that it came in. */
function nameHeader(error: unknown): never {
  if (!isYardError(error) || error.field !== "path") throw error;
  throw new YardError(error.code, error.message, { field: "X-File-Path", cause: error });
}

function tooLarge(bytes: number): YardError {
  return new YardError("too_large", `a file may have at most ${bytes} bytes (setting appmesh.max-upload)`);
}
