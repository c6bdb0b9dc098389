/** `/api/cli`: the command line as a program to download, for each platform that it was built for. */
import { once } from "node:events";
import { Readable } from "node:stream";
import { Type } from "typebox";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance, ApiReply, ApiRequest } from "../../../platform/http/api.ts";
import { askedRange } from "../../../platform/http/byte-range.ts";
import { ErrorReply } from "../errors.ts";
import type { McpV8Parts } from "../parts.ts";
import { type Platform, type Program, platforms } from "../programs.ts";

/** Their file names, as installers know them. */
const fileNames = {
  "linux-x86_64": "mcp-v8-cli-linux-x86_64",
  "linux-aarch64": "mcp-v8-cli-linux-arm64",
  "macos-aarch64": "mcp-v8-cli-macos-arm64",
} as const satisfies Record<Platform, string>;

/** A connection on which nothing moves for this long is cut. */
const stallMs = 120_000;
const binary = "application/octet-stream";
const Bytes = { content: { [binary]: { schema: Type.Unsafe<Readable>({ type: "string", format: "binary" }) } } };

const CliIndex = Type.Object(
  {
    version: Type.String(),
    assets: Type.Array(
      Type.Object({
        platform: Type.String(),
        url: Type.String({ description: "Where to download it" }),
        available: Type.Boolean({ description: "Whether this server has it" }),
      }),
    ),
  },
  { description: "One entry for each platform there may be" },
);

const about = { tags: ["cli"], security: [] };

export function registerCliRoutes(app: ApiInstance, parts: Pick<McpV8Parts, "version" | "programs">): void {
  registerIndex(app, parts);
  app.get(
    "/api/cli/:platform",
    {
      schema: {
        ...about,
        operationId: "downloadCli",
        summary: "Download the command line",
        params: Type.Object({ platform: Type.String() }),
        headers: Type.Object({
          Range: Type.Optional(Type.String({ description: "One range of bytes" })),
          "If-Range": Type.Optional(Type.String({ description: "The ETag that the range is meant for" })),
          "If-None-Match": Type.Optional(Type.String({ description: "The ETag of what the client has" })),
        }),
        response: {
          200: { description: "The program", ...Bytes },
          206: { description: "The range that was asked for", ...Bytes },
          304: Type.Null({ description: "The client has it already" }),
          404: ErrorReply,
          416: ErrorReply,
        },
      },
    },
    async (request, reply) => {
      const platform = requirePlatform(request.params.platform);
      await using program = await parts.programs.open(platform);
      if (program === undefined)
        throw new YardError(
          "not_found",
          `The program for ${platform} is not embedded in this server: install it with npm, or build it there (npm run build:cli).`,
        );
      return await sendProgram(program, platform, request, reply);
    },
  );
}

function registerIndex(app: ApiInstance, { version, programs }: Pick<McpV8Parts, "version" | "programs">): void {
  app.get(
    "/api/cli",
    {
      schema: {
        ...about,
        operationId: "listCliDownloads",
        summary: "List the programs that can be downloaded here",
        response: { 200: CliIndex },
      },
    },
    async ({ protocol, host }) => {
      const assets = platforms.map(async (platform) => {
        await using program = await programs.open(platform);
        return { platform, url: `${protocol}://${host}/api/cli/${platform}`, available: program !== undefined };
      });
      return { version, assets: await Promise.all(assets) };
    },
  );
}

/** @throws {YardError} not_found */
function requirePlatform(name: string): Platform {
  const platform = platforms.find((known) => known === name);
  if (platform !== undefined) return platform;
  throw new YardError(
    "not_found",
    `There is no platform ${JSON.stringify(name.slice(0, 80))}; valid are ${platforms.join(", ")}.`,
  );
}

/** Resolves when it has been sent, or the client has left: until then the program stays open. */
async function sendProgram(
  program: Program,
  platform: Platform,
  request: ApiRequest,
  reply: ApiReply,
): Promise<ApiReply> {
  const { bytes } = program;
  const etag = `"${program.modifiedNs.toString(36)}-${bytes.toString(36)}"`;
  reply.headers({ etag, "accept-ranges": "bytes" });
  if (headerOf(request, "if-none-match") === etag) return reply.code(304).send(null);
  const range = askedRange(request.headers.range, headerOf(request, "if-range"), { bytes, tag: etag });
  if (range === undefined) {
    reply.code(416).header("content-range", `bytes */${bytes}`);
    return reply.send({ error: `Range: the program has only ${bytes} bytes.` });
  }
  const { start, length, isPart } = range;
  if (isPart) reply.code(206).header("content-range", `bytes ${start}-${start + length - 1}/${bytes}`);
  reply.headers({
    "content-type": binary,
    "content-length": length,
    "content-disposition": `attachment; filename="${fileNames[platform]}"`,
  });
  reply.raw.setTimeout(stallMs);
  if (request.method === "HEAD") return reply.send(Readable.from([]));
  const stream = program.read(range);
  const closed = once(stream, "close").catch(() => {}); // the reply fails with the same
  reply.send(stream);
  await closed;
  return reply;
}

function headerOf(request: ApiRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
