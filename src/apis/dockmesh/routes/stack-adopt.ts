/** Projects that run already: found, and taken over. */
import { type Static, Type } from "typebox";
import type { DockerHost } from "../../../containers/docker-hosts.ts";
import { adoptProject } from "../../../containers/stacks/adopt.ts";
import { type DiscoveredProject, discoverProjects } from "../../../containers/stacks/discover.ts";
import { requireStackWithin } from "../../../containers/stacks/stack-reach.ts";
import { principalOf } from "../../../identity/admission.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { errorReplies } from "../errors.ts";
import { hostToWire } from "../fan-out.ts";
import { reachOf } from "../guards.ts";
import { takeFewLargeBodies } from "../large-bodies.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer, HostQuery, hostIdOf } from "../schemas.ts";
import { authorOf } from "../stack-words.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["stacks"], security: bearer };

/** A bundle of 100 MiB, packed badly and in base64, with the rest. */
const adoptBodyBytes = 192 * 1024 ** 2;

const Discovered = Type.Object({
  project_name: Type.String(),
  host_id: Type.String(),
  host_name: Type.String(),
  service_count: Type.Integer(),
  services: Type.Array(
    Type.Object({
      name: Type.String(),
      container_id: Type.String(),
      container_name: Type.String(),
      state: Type.String(),
      image: Type.String(),
    }),
  ),
  first_seen: Type.String({ format: "date-time" }),
});

const Adoption = Type.Object({
  name: Type.String({ description: "The project's name; the stack gets the same" }),
  host_id: Type.String({ description: "Empty or `local`: the server's own" }),
  compose: Type.String({ minLength: 1, pattern: "\\S" }),
  env: Type.Optional(Type.String()),
  bundle: Type.Optional(
    Type.String({ description: "Further files of its directory: a tar archive, gzipped, in base64" }),
  ),
  accepted_warnings: Type.Optional(Type.Array(Type.String(), { maxItems: 1_000 })),
});

export function registerStackAdoptRoutes(
  app: ApiInstance,
  {
    stackFiles: files,
    stacks: { placements },
    dockerHosts,
  }: Pick<DockmeshParts, "stackFiles" | "stacks" | "dockerHosts">,
  { guards, trail }: Toolbox,
): void {
  app.get(
    `${basePath}/stacks/discovered`,
    {
      onRequest: guards.may("read"),
      schema: {
        ...about,
        operationId: "stacks.discovered",
        summary: "List the compose projects of a host that are no stacks yet",
        querystring: HostQuery,
        response: { 200: Type.Array(Discovered), ...errorReplies(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const host = dockerHosts.get(hostIdOf(request.query), reachOf(request));
      return (await discoverProjects(host, files)).map((project) => discoveredToWire(project, host));
    },
  );

  app.post(
    `${basePath}/stacks/adopt`,
    {
      onRequest: [guards.may("stack.adopt"), takeFewLargeBodies()],
      bodyLimit: adoptBodyBytes,
      schema: {
        ...about,
        operationId: "stacks.adopt",
        summary: "Take over a running project: its files are kept from now on, its containers are left alone",
        body: Adoption,
        response: {
          201: Type.Object({
            name: Type.String(),
            host_id: Type.String(),
            bound_containers: Type.Integer(),
            warnings: Type.Array(Type.String()),
            drift_services: Type.Array(Type.String(), { description: "They do not run as the files say" }),
          }),
          ...errorReplies(400, 401, 403, 409, 413, 422, 503),
        },
      },
    },
    async (request, reply) => {
      const { name, host_id, compose, env, bundle } = request.body;
      const host = dockerHosts.get(hostIdOf({ host: host_id }), reachOf(request));
      requireStackWithin(await placements.get(name), reachOf(request), dockerHosts); // its files may be lost
      const what = { action: "stack.adopt", target: name, details: { host: host_id } };
      const content = { compose, ...(env && { env }), ...(bundle && { bundle }) };
      const adopted = await trail.change(request, principalOf(request), what, () =>
        adoptProject({ name, host, ...content }, authorOf(request), { files, placements }),
      );
      const { containers, warnings, drift } = adopted;
      const bound = { name, host_id: hostToWire(host).host_id, bound_containers: containers };
      return reply.code(201).send({ ...bound, warnings: [...warnings], drift_services: [...drift] });
    },
  );
}

function discoveredToWire(
  { name, containers, firstSeen }: DiscoveredProject,
  host: DockerHost,
): Static<typeof Discovered> {
  return {
    project_name: name,
    ...hostToWire(host),
    service_count: new Set(containers.map(({ service }) => service)).size,
    services: containers.map((one) => ({
      ...{ name: one.service, container_id: one.id, container_name: one.name },
      ...{ state: one.state, image: one.image },
    })),
    first_seen: new Date(firstSeen).toISOString(),
  };
}
