/** `/api/cli`: the command line as a program to download, for each platform that it was built for. */
import { Type } from "typebox";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { ErrorReply } from "../errors.ts";
import type { McpV8Parts } from "../parts.ts";

const platforms = ["linux-x86_64", "linux-aarch64", "macos-aarch64"] as const;

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

export function registerCliRoutes(app: ApiInstance, { version }: Pick<McpV8Parts, "version">): void {
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
    ({ protocol, host }) => ({
      version,
      assets: platforms.map((platform) => ({
        platform,
        url: `${protocol}://${host}/api/cli/${platform}`,
        available: false,
      })),
    }),
  );

  app.get(
    "/api/cli/:platform",
    {
      schema: {
        ...about,
        operationId: "downloadCli",
        summary: "Download the command line",
        params: Type.Object({ platform: Type.String() }),
        response: {
          200: {
            description: "The program",
            content: {
              "application/octet-stream": { schema: Type.Unsafe<Buffer>({ type: "string", format: "binary" }) },
            },
          },
          404: ErrorReply,
        },
      },
    },
    async ({ params: { platform } }) => {
      const isKnown = platforms.some((known) => known === platform);
      throw new YardError(
        "not_found",
        isKnown
          ? `The program for ${platform} is not embedded in this server: install it with npm.`
          : `There is no platform ${JSON.stringify(platform.slice(0, 80))}; valid are ${platforms.join(", ")}.`,
      );
    },
  );
}
