/** Containers started, stopped and removed. */
import { Type } from "typebox";
import {
  type ContainerAction,
  controlContainer,
  killContainer,
  removeContainer,
} from "../../../containers/container-control.ts";
import type { DockerHost } from "../../../containers/docker-hosts.ts";
import { principalOf } from "../../../identity/admission.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { createAskedHosts, type HostRequest } from "../asked-hosts.ts";
import { errorReplies } from "../errors.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer, Done, Flag, HostQuery, isSet } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";
import { ContainerPath } from "./containers.ts";

const summaries: Readonly<Record<ContainerAction, string>> = {
  start: "Start a container",
  stop: "Stop a container: by its stop signal, and after its grace period by force",
  restart: "Stop a container and start it again",
  pause: "Freeze a container's processes",
  unpause: "Let a frozen container go on",
};

export function registerContainerControlRoutes(
  app: ApiInstance,
  { dockerHosts }: Pick<DockmeshParts, "dockerHosts">,
  { guards, trail }: Toolbox,
): void {
  const onRequest = guards.may("container.control");
  const asked = createAskedHosts(dockerHosts);
  const about = { tags: ["containers"], security: bearer, params: ContainerPath };
  const response = { 204: Done, ...errorReplies(400, 401, 403, 404, 409, 503) };

  function change(request: HostRequest, id: string, name: string, act: (host: DockerHost) => Promise<void>) {
    const host = asked.one(request);
    const what = { action: `container.${name}`, target: id, details: { host: host.name } };
    return trail.change(request, principalOf(request), what, () => act(host));
  }

  for (const action of Object.keys(summaries) as ContainerAction[]) {
    app.post(
      `${basePath}/containers/:id/${action}`,
      {
        onRequest,
        schema: {
          ...about,
          operationId: `containers.${action}`,
          summary: summaries[action],
          querystring: HostQuery,
          response,
        },
      },
      async (request, reply) => {
        const { id } = request.params;
        await change(request, id, action, (host) => controlContainer(host, id, action));
        return reply.code(204).send();
      },
    );
  }

  app.post(
    `${basePath}/containers/:id/kill`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "containers.kill",
        summary: "Send a signal to a container's first process",
        querystring: HostQuery,
        body: Type.Object({
          signal: Type.Optional(
            Type.String({ pattern: "^(?:(?:SIG)?[A-Z][A-Z0-9+-]{1,12}|[0-9]{1,2})$", default: "SIGKILL" }),
          ),
        }),
        response,
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      await change(request, id, "kill", (host) => killContainer(host, id, request.body.signal ?? "SIGKILL"));
      return reply.code(204).send();
    },
  );

  app.delete(
    `${basePath}/containers/:id`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "containers.remove",
        summary: "Remove a container; its named volumes stay",
        querystring: Type.Object({ ...HostQuery.properties, force: Flag }),
        response,
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const force = isSet(request.query.force);
      await change(request, id, "remove", (host) => removeContainer(host, id, { force }));
      return reply.code(204).send();
    },
  );
}
