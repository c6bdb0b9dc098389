/** The hosts of the fleet. */
import { type Static, Type } from "typebox";
import type { DockerHost } from "../../../containers/docker-hosts.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { errorReplies } from "../errors.ts";
import { hostToWire } from "../fan-out.ts";
import { reachOf } from "../guards.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const HostInfo = Type.Object({
  id: Type.String(),
  name: Type.String(),
  kind: Type.Enum(["local", "agent"]),
  status: Type.Enum(["online", "offline", "pending", "revoked"]),
  tags: Type.Optional(Type.Array(Type.String())),
});

export function registerHostRoutes(
  app: ApiInstance,
  { dockerHosts }: Pick<DockmeshParts, "dockerHosts">,
  { guards }: Toolbox,
): void {
  app.get(
    `${basePath}/hosts`,
    {
      onRequest: guards.may("read"),
      schema: {
        tags: ["hosts"],
        security: bearer,
        operationId: "hosts.list",
        summary: "List the hosts within reach, the server's own first",
        response: { 200: Type.Array(HostInfo), ...errorReplies(401, 403) },
      },
    },
    async (request) => dockerHosts.list(reachOf(request)).map(toWire),
  );
}

function toWire(host: DockerHost): Static<typeof HostInfo> {
  const { host_id: id, host_name: name } = hostToWire(host);
  return {
    ...{ id, name, kind: host.isLocal ? "local" : "agent", status: host.isOnline ? "online" : "offline" },
    ...(host.tags.length > 0 && { tags: [...host.tags] }),
  };
}
