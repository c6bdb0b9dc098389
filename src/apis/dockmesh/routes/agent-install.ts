/** How a machine gets what it needs to become a host: a script for its shell, and the program that this installs. */
import { Type } from "typebox";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { originOf } from "../../../platform/http/origin.ts";
import { errorReplies } from "../errors.ts";
import { archiveName, installScript } from "../install-script.ts";
import type { DockmeshParts } from "../parts.ts";
import { open } from "../schemas.ts";

export const installPath = "/install";
export const openInstallOperations = [`GET ${installPath}/agent.sh`, `GET ${installPath}/:binary`];

export function registerAgentInstallRoutes(
  app: ApiInstance,
  { agents: { namedUrls }, version, packageArchive }: Pick<DockmeshParts, "agents" | "version" | "packageArchive">,
): void {
  app.get(
    `${installPath}/agent.sh`,
    {
      schema: {
        tags: ["agents"],
        security: open,
        operationId: "agents.install_script",
        summary: "A script for sh that makes a machine the host which a token is for",
        description: "It is made out of the token alone, whether that is good or not: only joining uses it up.",
        querystring: Type.Object({ token: Type.String({ pattern: "^[\\w-]{1,128}$" }) }),
        response: { 200: { content: { "text/x-shellscript": { schema: Type.String() } } }, ...errorReplies(400) },
      },
    },
    async (request, reply) => {
      const { token } = request.query;
      const { publicUrl: origin = originOf(request) } = await namedUrls();
      reply.header("cache-control", "no-store").type("text/x-shellscript; charset=utf-8");
      return reply.send(installScript({ origin, token, version }));
    },
  );

  app.get(
    `${installPath}/:binary`,
    {
      schema: {
        tags: ["agents"],
        security: open,
        operationId: "agents.install_program",
        summary: "The program of a host, as npm installs it",
        description: "There is one name, that of this server's version: `runyard-1.2.3.tgz`.",
        params: Type.Object({ binary: Type.String() }),
        response: {
          200: { content: { "application/gzip": { schema: Type.Unsafe<Buffer>(Type.String({ format: "binary" })) } } },
          ...errorReplies(404),
        },
      },
    },
    async (request, reply) => {
      const { binary } = request.params;
      const archive = binary === archiveName(version) ? await packageArchive() : undefined;
      if (!archive) throw new YardError("not_found", `This server has no ${binary.slice(0, 100)} to give away.`);
      return reply.type("application/gzip").send(archive);
    },
  );
}
