/** Whether the server is there, and a Docker engine with it. */
import { Type } from "typebox";
import { everywhere } from "../../../containers/docker-hosts.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { errorReplies } from "../errors.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, open } from "../schemas.ts";

export const openHealthOperations = [`GET ${basePath}/health`];

export function registerHealthRoutes(app: ApiInstance, { dockerHosts, version }: DockmeshParts): void {
  app.get(
    `${basePath}/health`,
    {
      schema: {
        operationId: "health.get",
        summary: "Whether the server is there",
        tags: ["health"],
        security: open,
        response: {
          200: Type.Object({
            status: Type.String(),
            version: Type.String(),
            docker: Type.Boolean({ description: "Whether the server's own Docker engine answers" }),
          }),
          ...errorReplies(),
        },
      },
    },
    async () => ({ status: "ok", version, docker: await hasDocker(dockerHosts) }),
  );
}

async function hasDocker(hosts: DockmeshParts["dockerHosts"]): Promise<boolean> {
  try {
    await hosts.get(undefined, everywhere).engine.version();
    return true;
  } catch {
    return false;
  }
}
