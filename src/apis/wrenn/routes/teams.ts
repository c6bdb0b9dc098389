/** Teams: made, listed, looked at, renamed and ended. */
import { Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { bodyStatuses, errorReplies } from "../errors.ts";
import { principalOf } from "../guards.ts";
import { idFromWire, idToWire } from "../ids.ts";
import type { WrennParts } from "../parts.ts";
import { IdPath, NoContent, userSecurity } from "../schemas.ts";
import {
  MemberReply,
  membershipToWire,
  memberToWire,
  TeamReply,
  TeamWithRoleReply,
  teamNameFromWire,
  teamToWire,
} from "../team-words.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["Teams"], security: userSecurity };
const NameBody = Type.Object({ name: Type.String({ description: "1 to 128 letters, digits, spaces or _ - @ '" }) });

export function registerTeamRoutes(app: ApiInstance, parts: WrennParts, toolbox: Toolbox): void {
  registerOwnTeams(app, parts, toolbox);
  registerOneTeam(app, parts, toolbox);
  registerByoc(app, parts, toolbox);
}

function registerOwnTeams(
  app: ApiInstance,
  { identity: { memberships } }: WrennParts,
  { guards, trail }: Toolbox,
): void {
  app.get(
    "/v1/teams",
    {
      onRequest: guards.user(),
      schema: {
        ...about,
        operationId: "listTeams",
        summary: "List the user's teams, in the order in which they were joined",
        response: { 200: Type.Array(TeamWithRoleReply), ...errorReplies(401, 403) },
      },
    },
    async (request) => (await memberships.ofUser(principalOf(request).userId)).map(membershipToWire),
  );

  app.post(
    "/v1/teams",
    {
      onRequest: guards.user("teams.create"),
      schema: {
        ...about,
        operationId: "createTeam",
        summary: "Make a team, with the user as its owner",
        body: NameBody,
        response: { 201: TeamWithRoleReply, ...errorReplies(...bodyStatuses, 401, 403) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const name = teamNameFromWire(request.body.name);
      const what = { action: "team.create", target: name };
      const team = await trail.change(request, principal, what, () => memberships.create(name, principal.userId));
      return reply.code(201).send(membershipToWire(team));
    },
  );
}

function registerOneTeam(
  app: ApiInstance,
  { identity: { memberships } }: WrennParts,
  { guards, trail, ownTeam }: Toolbox,
): void {
  app.get(
    "/v1/teams/:id",
    {
      onRequest: guards.user(),
      schema: {
        ...about,
        operationId: "getTeam",
        summary: "Look at the team that the token is for, and at its members",
        params: IdPath,
        response: {
          200: Type.Object({ team: TeamReply, members: Type.Array(MemberReply) }),
          ...errorReplies(400, 401, 403, 404),
        },
      },
    },
    async (request) => {
      const teamId = await ownTeam.require(request, request.params.id);
      const team = await memberships.team(teamId);
      const members = await ownTeam.members(request, teamId);
      return { team: teamToWire(team), members: members.map(memberToWire) };
    },
  );

  app.patch(
    "/v1/teams/:id",
    {
      onRequest: guards.user("teams.write"),
      schema: {
        ...about,
        operationId: "renameTeam",
        summary: "Rename the team; for its owner and admins",
        params: IdPath,
        body: NameBody,
        response: { 204: NoContent, ...errorReplies(...bodyStatuses, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const teamId = await ownTeam.require(request, request.params.id);
      const name = teamNameFromWire(request.body.name);
      const what = { action: "team.rename", target: teamId, details: { name } };
      await trail.change(request, principal, what, () => memberships.rename(teamId, name, principal.userId));
      return reply.code(204).send();
    },
  );

  app.delete(
    "/v1/teams/:id",
    {
      onRequest: guards.user("teams.write"),
      schema: {
        ...about,
        operationId: "deleteTeam",
        summary: "End the team and all that it runs and has; for its owner",
        params: IdPath,
        response: { 204: NoContent, ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const teamId = await ownTeam.require(request, request.params.id);
      const what = { action: "team.delete", target: teamId };
      await trail.change(request, principal, what, () => memberships.dissolve(teamId, principal.userId));
      return reply.code(204).send();
    },
  );
}

function registerByoc(app: ApiInstance, { identity: { memberships } }: WrennParts, { guards, trail }: Toolbox): void {
  app.put(
    "/v1/admin/teams/:id/byoc",
    {
      onRequest: guards.admin(),
      config: { undocumented: "no operation of the document, and the only way to let a team bring hosts of its own" },
      schema: {
        hide: true,
        params: IdPath,
        body: Type.Object({ enabled: Type.Literal(true, { description: "There is no way back" }) }),
      },
    },
    async (request, reply) => {
      const teamId = idFromWire("team", request.params.id);
      const what = { action: "team.byoc", target: idToWire("team", teamId) };
      await trail.change(request, principalOf(request), what, () => memberships.makeByoc(teamId));
      return reply.code(204).send();
    },
  );
}
