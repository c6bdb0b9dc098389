/** Volumes of the fleet's engines. */
import { Type } from "typebox";
import type { EngineRecord } from "../../../containers/engine-record.ts";
import { createVolume, inspectVolume, listVolumes, pruneVolumes, removeVolume } from "../../../containers/volumes.ts";
import { principalOf } from "../../../identity/admission.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { createAskedHosts } from "../asked-hosts.ts";
import { asItIs, NewThing, passedOn, rowsReply, Volume } from "../engine-words.ts";
import { errorReplies } from "../errors.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer, Done, Flag, HostQuery, isSet } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

export const VolumePath = Type.Object({ name: Type.String() });

const about = { tags: ["volumes"], security: bearer };

export function registerVolumeRoutes(
  app: ApiInstance,
  { dockerHosts }: Pick<DockmeshParts, "dockerHosts">,
  { guards, trail }: Toolbox,
): void {
  const asked = createAskedHosts(dockerHosts);

  app.get(
    `${basePath}/volumes`,
    {
      ...asItIs,
      onRequest: guards.may("read"),
      schema: {
        ...about,
        operationId: "volumes.list",
        summary: "List volumes; with `host=all` those of the fleet",
        querystring: HostQuery,
        response: { 200: rowsReply(Volume), ...errorReplies(400, 401, 403, 503) },
      },
    },
    (request) => asked.rows(request, listVolumes),
  );

  app.get(
    `${basePath}/volumes/:name`,
    {
      ...asItIs,
      onRequest: guards.may("read"),
      schema: {
        ...about,
        operationId: "volumes.inspect",
        summary: "Look at one volume",
        params: VolumePath,
        querystring: HostQuery,
        response: { 200: passedOn<EngineRecord>(Volume), ...errorReplies(400, 401, 403, 404, 503) },
      },
    },
    (request) => inspectVolume(asked.one(request), request.params.name),
  );

  app.post(
    `${basePath}/volumes`,
    {
      ...asItIs,
      onRequest: guards.may("volume.write"),
      schema: {
        ...about,
        operationId: "volumes.create",
        summary: "Make a volume; one that is there stays as it is",
        querystring: HostQuery,
        body: NewThing,
        response: { 201: passedOn<EngineRecord>(Volume), ...errorReplies(400, 401, 403, 409, 503) },
      },
    },
    async (request, reply) => {
      const host = asked.one(request);
      const what = { action: "volume.create", target: request.body.name, details: { host: host.name } };
      const made = await trail.change(request, principalOf(request), what, () => createVolume(host, request.body));
      return reply.code(201).send(made);
    },
  );

  app.delete(
    `${basePath}/volumes/:name`,
    {
      onRequest: guards.may("volume.write"),
      schema: {
        ...about,
        operationId: "volumes.remove",
        summary: "Remove a volume with all that is in it",
        params: VolumePath,
        querystring: Type.Object({ ...HostQuery.properties, force: Flag }),
        response: { 204: Done, ...errorReplies(400, 401, 403, 404, 409, 503) },
      },
    },
    async (request, reply) => {
      const host = asked.one(request);
      const { name } = request.params;
      const what = { action: "volume.remove", target: name, details: { host: host.name } };
      const options = { force: isSet(request.query.force) };
      await trail.change(request, principalOf(request), what, () => removeVolume(host, name, options));
      return reply.code(204).send();
    },
  );

  app.post(
    `${basePath}/volumes/prune`,
    {
      ...asItIs,
      onRequest: guards.may("volume.write"),
      schema: {
        ...about,
        operationId: "volumes.prune",
        summary: "Remove volumes that no container uses, also those with names",
        querystring: HostQuery,
        response: {
          200: passedOn<EngineRecord>(
            Type.Object({
              VolumesDeleted: Type.Union([Type.Array(Type.String()), Type.Null()]),
              SpaceReclaimed: Type.Integer({ description: "Bytes" }),
            }),
          ),
          ...errorReplies(400, 401, 403, 503),
        },
      },
    },
    (request) => {
      const host = asked.one(request);
      const what = { action: "volume.prune", target: host.name };
      return trail.change(request, principalOf(request), what, () => pruneVolumes(host));
    },
  );
}
