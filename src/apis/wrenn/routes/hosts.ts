/** Hosts: added, listed, looked at, removed. Their tags and what they ask themselves have files of their own. */
import { Type } from "typebox";
import { type HostRecord, hostKinds } from "../../../hosts/host-record.ts";
import { isYardError, YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { callerOf } from "../callers.ts";
import { bodyStatuses, ErrorReply, errorReplies, WireError } from "../errors.ts";
import { createHostAccess } from "../host-access.ts";
import { HostReply, hostToWire, InvitedHostReply } from "../host-words.ts";
import { idFromWire, idToWire } from "../ids.ts";
import type { HostParts } from "../parts.ts";
import { IdPath, NoContent, userSecurity } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";
import { registerHostAgentRoutes } from "./host-agents.ts";
import { registerHostTagRoutes } from "./host-tags.ts";

const about = { tags: ["Hosts"], security: userSecurity };

export function registerHostRoutes(app: ApiInstance, parts: HostParts, toolbox: Toolbox): void {
  const access = createHostAccess(parts);
  registerAdding(app, parts, toolbox, access);
  registerLooking(app, parts, toolbox, access);
  registerRemoving(app, parts, toolbox, access);
  registerHostTagRoutes(app, parts, toolbox, access);
  registerHostAgentRoutes(app, parts, toolbox);
}

type Access = ReturnType<typeof createHostAccess>;

function registerAdding(app: ApiInstance, { hosts }: HostParts, { guards, trail }: Toolbox, access: Access): void {
  const { registry, enrolment } = hosts;
  app.post(
    "/v1/hosts",
    {
      onRequest: guards.member("hosts.write"),
      schema: {
        ...about,
        operationId: "createHost",
        summary: "Add a host, and get the token by which a machine becomes it",
        body: Type.Object({
          type: Type.Enum([...hostKinds], { description: "Everybody's, or a team's own" }),
          team_id: Type.Optional(Type.String({ description: "Whose own" })),
          name: Type.Optional(Type.String({ description: "Until a machine has joined that has one" })),
          provider: Type.Optional(Type.String({ description: "Whose machine it is, as people call it" })),
          availability_zone: Type.Optional(Type.String({ description: "Where it stands" })),
          tags: Type.Optional(Type.Array(Type.String())),
        }),
        response: { 201: InvitedHostReply, ...errorReplies(...bodyStatuses, 401, 403, 404, 429) },
      },
    },
    async (request, reply) => {
      const { type: kind, team_id: team, name, provider, availability_zone: zone, tags } = request.body;
      if (kind === "byoc" && team === undefined)
        throw new YardError("invalid", "A team's own host needs the team that it is of.", { field: "team_id" });
      const teamId = kind === "byoc" ? idFromWire("team", team ?? "", "team_id") : undefined;
      const caller = callerOf(request);
      const create = async () => {
        await access.add(caller, teamId);
        return registry.create({ kind, teamId, name, provider, zone, tags, createdBy: caller.principal.userId });
      };
      const host = await trail.change(request, caller.principal, { action: "host.create", target: kind }, create);
      return reply.code(201).send({ host: hostToWire(host), registration_token: await enrolment.invite(host.id) });
    },
  );

  app.post(
    "/v1/hosts/:id/token",
    {
      onRequest: guards.member("hosts.write"),
      schema: {
        ...about,
        operationId: "regenerateHostToken",
        summary: "Get another registration token for a host that no machine is yet",
        params: IdPath,
        response: { 201: InvitedHostReply, ...errorReplies(400, 401, 403, 404, 409) },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const id = idFromWire("host", request.params.id);
      const invite = async () => {
        const host = await access.lead(caller, id);
        return { host, token: await enrolment.invite(id).catch(inWrongState) };
      };
      const { host, token } = await trail.change(
        request,
        caller.principal,
        { action: "host.invite", target: id },
        invite,
      );
      return reply.code(201).send({ host: hostToWire(host), registration_token: token });
    },
  );
}

function registerLooking(
  app: ApiInstance,
  { hosts: { registry }, teamDirectory }: HostParts,
  { guards }: Toolbox,
  access: Access,
): void {
  app.get(
    "/v1/hosts",
    {
      onRequest: guards.member("capsules.view"),
      schema: {
        ...about,
        operationId: "listHosts",
        summary: "List the team's own hosts, newest first; for administrators all hosts",
        response: { 200: Type.Array(HostReply), ...errorReplies(401, 403, 404) },
      },
    },
    async (request) => {
      const { principal, teamId } = callerOf(request);
      if (!principal.isAdmin) return (await registry.list({ ownedBy: teamId })).map((host) => hostToWire(host));
      const all = await registry.list();
      const teams = await teamDirectory.byIds(all.flatMap((host) => host.teamId ?? []));
      const teamOf = ({ teamId }: HostRecord) => (teamId === undefined ? undefined : teams.get(teamId)?.name);
      return all.map((host) => hostToWire(host, teamOf(host)));
    },
  );

  app.get(
    "/v1/hosts/:id",
    {
      onRequest: guards.member("capsules.view"),
      schema: {
        ...about,
        operationId: "getHost",
        summary: "Look at a host",
        params: IdPath,
        response: { 200: HostReply, ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request) => hostToWire(await access.see(callerOf(request), idFromWire("host", request.params.id))),
  );
}

const inTheWay = Type.Array(Type.String(), { description: "Of the capsules that are on it" });
const HasCapsules = Type.Object(
  {
    error: Type.Object({ ...ErrorReply.properties.error.properties, sandbox_ids: Type.Optional(inTheWay) }),
    sandbox_ids: Type.Optional(inTheWay),
  },
  { description: "Capsules are on it, or it is a yard's own machine" },
);

function registerRemoving(
  app: ApiInstance,
  { hosts: { removal } }: HostParts,
  { guards, trail }: Toolbox,
  access: Access,
): void {
  app.get(
    "/v1/hosts/:id/delete-preview",
    {
      onRequest: guards.member("capsules.view"),
      schema: {
        ...about,
        operationId: "getHostDeletePreview",
        summary: "See which capsules would go with a host; nothing is changed",
        params: IdPath,
        response: { 200: Type.Object({ host: HostReply, sandbox_ids: inTheWay }), ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request) => {
      const { id } = await access.touch(callerOf(request), idFromWire("host", request.params.id));
      const { host, capsuleIds } = await removal.preview(id);
      return { host: hostToWire(host), sandbox_ids: capsuleIds.map(capsuleToWire) };
    },
  );

  app.delete(
    "/v1/hosts/:id",
    {
      onRequest: guards.member("hosts.write"),
      schema: {
        ...about,
        operationId: "deleteHost",
        summary: "Remove a host, and end its agent",
        params: IdPath,
        querystring: Type.Object({
          force: Type.Optional(Type.Boolean({ default: false, description: "Destroy the capsules that are on it" })),
        }),
        response: { 204: NoContent, ...errorReplies(400, 401, 403, 404), 409: HasCapsules },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const id = idFromWire("host", request.params.id);
      const { force = false } = request.query;
      const remove = async () => {
        await access.lead(caller, id);
        await removal.remove(id, { force }).catch(hasCapsules);
      };
      await trail.change(request, caller.principal, { action: "host.remove", target: id, details: { force } }, remove);
      return reply.code(204).send();
    },
  );
}

const capsuleToWire = (id: string): string => idToWire("capsule", id);

/** Clients read the ids at one of two places. */
function hasCapsules(error: unknown): never {
  if (!isYardError(error, "conflict")) throw error;
  const ids = error.details?.capsuleIds;
  const also = { sandbox_ids: Array.isArray(ids) ? ids.map(capsuleToWire) : [] };
  throw new WireError("conflict", { code: "host_has_sandboxes", also }, error.message, { cause: error });
}

function inWrongState(error: unknown): never {
  if (!isYardError(error, "conflict")) throw error;
  throw new WireError("conflict", "invalid_state", error.message, { cause: error });
}
