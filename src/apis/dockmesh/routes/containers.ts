/** Containers, looked at. */
import { Type } from "typebox";
import { inspectContainer } from "../../../containers/container-control.ts";
import { type HostRow, summarize } from "../../../containers/container-summary.ts";
import type { DockerHost } from "../../../containers/docker-hosts.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { createAskedHosts } from "../asked-hosts.ts";
import { ContainerSummary, summaryToWire } from "../container-words.ts";
import { asItIs, Container, passedOn, rowsReply } from "../engine-words.ts";
import { errorReplies } from "../errors.ts";
import { hostToWire } from "../fan-out.ts";
import { reachOf } from "../guards.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer, Flag, HostQuery, isSet } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

export const ContainerPath = Type.Object({ id: Type.String({ description: "An id, its beginning, or a name" }) });

const about = { tags: ["containers"], security: bearer };

export function registerContainerRoutes(
  app: ApiInstance,
  { dockerHosts, inventories }: Pick<DockmeshParts, "dockerHosts" | "inventories">,
  { guards }: Toolbox,
): void {
  const onRequest = guards.may("read");
  const asked = createAskedHosts(dockerHosts);

  app.get(
    `${basePath}/containers`,
    {
      ...asItIs,
      onRequest,
      schema: {
        ...about,
        operationId: "containers.list",
        summary: "List containers, the youngest first; with `host=all` those of the fleet",
        querystring: Type.Object({ ...HostQuery.properties, all: Flag }),
        response: { 200: rowsReply(Container), ...errorReplies(400, 401, 403, 503) },
      },
    },
    (request) => {
      const all = isSet(request.query.all);
      return asked.rows(request, (host) => inventories.containers(host, { all }));
    },
  );

  app.get(
    `${basePath}/containers/summary`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "containers.summary",
        summary: "How many containers there are, in all and of each stack; with `host=all` in the fleet",
        querystring: HostQuery,
        response: { 200: ContainerSummary, ...errorReplies(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const count = async (host: DockerHost): Promise<HostRow[]> => {
        const { host_id: hostId } = hostToWire(host);
        return (await inventories.containers(host, { all: true })).map((row) => ({ hostId, row }));
      };
      if (request.query.host !== "all") return summaryToWire(summarize(await count(asked.one(request))));
      const { answers } = await dockerHosts.fanOut(reachOf(request), count);
      return summaryToWire(summarize(answers.flatMap(({ answer }) => answer)));
    },
  );

  app.get(
    `${basePath}/containers/:id`,
    {
      ...asItIs,
      onRequest,
      schema: {
        ...about,
        operationId: "containers.inspect",
        summary: "Look at one container, as its engine describes it",
        params: ContainerPath,
        querystring: HostQuery,
        response: {
          200: passedOn<unknown>(Type.Object({}, { additionalProperties: true })),
          ...errorReplies(400, 401, 403, 404, 503),
        },
      },
    },
    (request) => inspectContainer(asked.one(request), request.params.id),
  );
}
