/** `/yard/v1/hosts`: the machines of the yard. */
import { Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { errorReplies } from "../errors.ts";
import { bearer, type Guard } from "../guard.ts";
import type { YardApiParts } from "../parts.ts";

const Hosts = Type.Object(
  {
    hosts: Type.Array(
      Type.Object({
        id: Type.String(),
        name: Type.String(),
        connected: Type.Boolean({ description: "Whether its agent answers now" }),
      }),
    ),
  },
  { description: "All hosts" },
);

export function registerHostsRoute(app: ApiInstance, { hosts }: Pick<YardApiParts, "hosts">, guard: Guard): void {
  app.get(
    "/yard/v1/hosts",
    {
      onRequest: guard("hosts.view"),
      schema: {
        operationId: "listHosts",
        summary: "List the hosts",
        tags: ["Hosts"],
        security: bearer,
        response: { 200: Hosts, ...errorReplies(401, 403) },
      },
    },
    () => ({ hosts: hosts.list().map(({ id, name, connected }) => ({ id, name, connected })) }),
  );
}
