/** Networks of the fleet's engines. */
import { Type } from "typebox";
import type { DockerHost } from "../../../containers/docker-hosts.ts";
import type { EngineRecord } from "../../../containers/engine-record.ts";
import {
  createNetwork,
  inspectNetwork,
  listNetworks,
  pruneNetworks,
  removeNetwork,
} from "../../../containers/networks.ts";
import { principalOf } from "../../../identity/admission.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { createAskedHosts } from "../asked-hosts.ts";
import { asItIs, Network, NewThing, passedOn, rowsReply } from "../engine-words.ts";
import { errorReplies } from "../errors.ts";
import { networksToWire, Topology, topologyToWire } from "../network-words.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer, Done, HostQuery } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const NetworkPath = Type.Object({ id: Type.String({ description: "An id, its beginning, or a name" }) });

const about = { tags: ["networks"], security: bearer };

export function registerNetworkRoutes(
  app: ApiInstance,
  { dockerHosts, inventories }: Pick<DockmeshParts, "dockerHosts" | "inventories">,
  { guards, trail }: Toolbox,
): void {
  const asked = createAskedHosts(dockerHosts);
  const withContainers = (host: DockerHost) =>
    Promise.all([listNetworks(host), inventories.containers(host, { all: true })]);

  app.get(
    `${basePath}/networks`,
    {
      ...asItIs,
      onRequest: guards.may("read"),
      schema: {
        ...about,
        operationId: "networks.list",
        summary: "List networks with the containers on them; with `host=all` those of the fleet",
        querystring: HostQuery,
        response: { 200: rowsReply(Network), ...errorReplies(400, 401, 403, 503) },
      },
    },
    (request) => asked.rows(request, async (host) => networksToWire(...(await withContainers(host)))),
  );

  app.get(
    `${basePath}/networks/topology`,
    {
      onRequest: guards.may("read"),
      schema: {
        ...about,
        operationId: "networks.topology",
        summary: "Which container is on which network of a host",
        querystring: HostQuery,
        response: { 200: Topology, ...errorReplies(400, 401, 403, 503) },
      },
    },
    async (request) => topologyToWire(...(await withContainers(asked.one(request)))),
  );

  app.get(
    `${basePath}/networks/:id`,
    {
      ...asItIs,
      onRequest: guards.may("read"),
      schema: {
        ...about,
        operationId: "networks.inspect",
        summary: "Look at one network",
        params: NetworkPath,
        querystring: HostQuery,
        response: { 200: passedOn<EngineRecord>(Network), ...errorReplies(400, 401, 403, 404, 503) },
      },
    },
    (request) => inspectNetwork(asked.one(request), request.params.id),
  );

  app.post(
    `${basePath}/networks`,
    {
      onRequest: guards.may("network.write"),
      schema: {
        ...about,
        operationId: "networks.create",
        summary: "Make a network",
        querystring: HostQuery,
        body: NewThing,
        response: {
          201: Type.Object({ Id: Type.String(), Warning: Type.String() }),
          ...errorReplies(400, 401, 403, 404, 409, 503),
        },
      },
    },
    async (request, reply) => {
      const host = asked.one(request);
      const what = { action: "network.create", target: request.body.name, details: { host: host.name } };
      const made = await trail.change(request, principalOf(request), what, () => createNetwork(host, request.body));
      return reply.code(201).send({ Id: made.id, Warning: "" });
    },
  );

  app.delete(
    `${basePath}/networks/:id`,
    {
      onRequest: guards.may("network.write"),
      schema: {
        ...about,
        operationId: "networks.remove",
        summary: "Remove a network",
        params: NetworkPath,
        querystring: HostQuery,
        response: { 204: Done, ...errorReplies(400, 401, 403, 404, 409, 503) },
      },
    },
    async (request, reply) => {
      const host = asked.one(request);
      const { id } = request.params;
      const what = { action: "network.remove", target: id, details: { host: host.name } };
      await trail.change(request, principalOf(request), what, () => removeNetwork(host, id));
      return reply.code(204).send();
    },
  );

  app.post(
    `${basePath}/networks/prune`,
    {
      ...asItIs,
      onRequest: guards.may("network.write"),
      schema: {
        ...about,
        operationId: "networks.prune",
        summary: "Remove networks that no container is on",
        querystring: HostQuery,
        response: {
          200: passedOn<EngineRecord>(
            Type.Object({ NetworksDeleted: Type.Union([Type.Array(Type.String()), Type.Null()]) }),
          ),
          ...errorReplies(400, 401, 403, 503),
        },
      },
    },
    (request) => {
      const host = asked.one(request);
      const what = { action: "network.prune", target: host.name };
      return trail.change(request, principalOf(request), what, () => pruneNetworks(host));
    },
  );
}
