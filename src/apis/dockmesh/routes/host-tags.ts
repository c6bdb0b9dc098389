/** Tags of hosts: by them users are held to some hosts. */
import { Type } from "typebox";
import { isWithin } from "../../../containers/docker-hosts.ts";
import type { HostRecord } from "../../../hosts/host-record.ts";
import { principalOf } from "../../../identity/admission.ts";
import { maxHostTags, requireHostTag } from "../../../identity/host-tags.ts";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance, ApiRequest } from "../../../platform/http/api.ts";
import { errorReplies } from "../errors.ts";
import { reachOf } from "../guards.ts";
import type { AgentParts } from "../parts.ts";
import { basePath, bearer, Done } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["host-tags"], security: bearer };
const HostPath = Type.Object({ id: Type.String({ description: "`local`: the server's own machine" }) });
const Tags = Type.Array(Type.String(), { description: "In the order of the alphabet" });
type HostRequest = ApiRequest & { readonly params: { readonly id: string } };

export function registerHostTagRoutes(app: ApiInstance, agents: AgentParts, toolbox: Toolbox): void {
  const access = createAccess(agents);
  registerReading(app, agents, toolbox, access);
  registerSetting(app, agents, toolbox, access);
  registerOne(app, agents, toolbox, access);
}

type Access = (request: HostRequest) => Promise<HostRecord>;

/** @throws {YardError} not_found; forbidden, for one beyond reach */
function createAccess({ registry, fleet }: AgentParts): Access {
  return async (request) => {
    const { id } = request.params;
    const host = await registry.get(id === "local" ? fleet.local.id : id);
    if (host.kind !== "regular")
      throw new YardError("not_found", `There is no host ${JSON.stringify(id.slice(0, 80))}.`);
    if (isWithin(reachOf(request), host.tags)) return host;
    throw new YardError("forbidden", `The host ${host.name} has none of the tags that you are held to.`);
  };
}

function registerReading(app: ApiInstance, { registry }: AgentParts, { guards }: Toolbox, access: Access): void {
  app.get(
    `${basePath}/hosts/tags/all`,
    {
      onRequest: guards.signedIn(),
      schema: {
        ...about,
        operationId: "host_tags.all",
        summary: "List every tag of the hosts within reach, once",
        response: { 200: Tags, ...errorReplies(401) },
      },
    },
    async (request) => {
      const hosts = (await registry.list()).filter(({ kind }) => kind === "regular");
      const reach = reachOf(request);
      return [...new Set(hosts.flatMap(({ tags }) => (isWithin(reach, tags) ? tags : [])))].sort();
    },
  );

  app.get(
    `${basePath}/hosts/:id/tags`,
    {
      onRequest: guards.signedIn(),
      schema: {
        ...about,
        operationId: "host_tags.list",
        summary: "List the tags of a host",
        params: HostPath,
        response: { 200: Tags, ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request) => [...(await access(request)).tags],
  );
}

function registerSetting(app: ApiInstance, agents: AgentParts, { guards, trail }: Toolbox, access: Access): void {
  app.put(
    `${basePath}/hosts/:id/tags`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "host_tags.set",
        summary: "Give a host these tags in place of those it has",
        params: HostPath,
        body: Type.Object({ tags: Type.Array(Type.String(), { maxItems: 1_000 }) }),
        response: { 200: Tags, ...errorReplies(400, 401, 403, 404, 422) },
      },
    },
    async (request) => {
      const host = await access(request);
      const tags = [...new Set(request.body.tags.map((tag) => requireHostTag(tag, "tags")))].sort();
      requireFew(tags);
      const what = { action: "host.tags_set", target: host.id, details: { tags } };
      await trail.change(request, principalOf(request), what, () => agents.registry.retag(host.id, tags));
      await agents.changed(host.id);
      return tags;
    },
  );
}

function registerOne(app: ApiInstance, agents: AgentParts, { guards, trail }: Toolbox, access: Access): void {
  app.post(
    `${basePath}/hosts/:id/tags`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "host_tags.add",
        summary: "Give a host a further tag",
        params: HostPath,
        body: Type.Object({ tag: Type.String() }),
        response: { 200: Tags, ...errorReplies(400, 401, 403, 404, 422) },
      },
    },
    async (request) => {
      const host = await access(request);
      const tag = requireHostTag(request.body.tag, "tag");
      const tags = [...new Set([...host.tags, tag])].sort();
      requireFew(tags);
      const what = { action: "host.tags_set", target: host.id, details: { tags } };
      await trail.change(request, principalOf(request), what, () => agents.registry.tag(host.id, tag));
      await agents.changed(host.id);
      return tags;
    },
  );

  app.delete(
    `${basePath}/hosts/:id/tags/:tag`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "host_tags.remove",
        summary: "Take a tag from a host, if it has it",
        params: Type.Object({ ...HostPath.properties, tag: Type.String() }),
        response: { 204: Done, ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      const host = await access(request);
      const { tag: given } = request.params;
      const tag = host.tags.includes(given) ? given : given.toLowerCase();
      const what = { action: "host.tags_set", target: host.id, details: { removed: tag.slice(0, 80) } };
      await trail.change(request, principalOf(request), what, () => agents.registry.untag(host.id, tag));
      await agents.changed(host.id);
      return reply.code(204).send();
    },
  );
}

/** @throws {YardError} precondition */
function requireFew(tags: readonly string[]): void {
  if (tags.length > maxHostTags)
    throw new YardError("precondition", `A host has at most ${maxHostTags} tags; these are ${tags.length}.`, {
      field: "tags",
    });
}
