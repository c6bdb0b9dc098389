/** Who is in a team: listed, brought in, given another role, removed; and leaving by oneself. */
import { Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { bodyStatuses, errorReplies, naming } from "../errors.ts";
import { principalOf } from "../guards.ts";
import { idFromWire } from "../ids.ts";
import type { WrennParts } from "../parts.ts";
import { IdPath, NoContent, userSecurity } from "../schemas.ts";
import { MemberReply, memberToWire } from "../team-words.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["Teams"], security: userSecurity };
const MemberPath = Type.Object({ id: Type.String(), uid: Type.String() });

export function registerTeamMemberRoutes(app: ApiInstance, parts: WrennParts, toolbox: Toolbox): void {
  registerMembers(app, parts, toolbox);
  registerOneMember(app, parts, toolbox);
  registerLeaving(app, parts, toolbox);
}

function registerMembers(
  app: ApiInstance,
  { identity: { memberships } }: WrennParts,
  { guards, trail, ownTeam }: Toolbox,
): void {
  app.get(
    "/v1/teams/:id/members",
    {
      onRequest: guards.user(),
      schema: {
        ...about,
        operationId: "listTeamMembers",
        summary: "List the team's members, in the order in which they have joined",
        params: IdPath,
        response: { 200: Type.Array(MemberReply), ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request) => {
      const teamId = await ownTeam.require(request, request.params.id);
      await memberships.team(teamId);
      return (await ownTeam.members(request, teamId)).map(memberToWire);
    },
  );

  app.post(
    "/v1/teams/:id/members",
    {
      onRequest: guards.user("teams.write"),
      schema: {
        ...about,
        operationId: "addTeamMember",
        summary: "Bring a user into the team, as member; for its owner and admins",
        params: IdPath,
        body: Type.Object({ email: Type.String({ minLength: 1 }) }),
        response: { 201: MemberReply, ...errorReplies(...bodyStatuses, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const teamId = await ownTeam.require(request, request.params.id);
      const email = request.body.email.trim().toLowerCase();
      const what = { action: "team.members", target: teamId, details: { added: email } };
      const member = await trail
        .change(request, principal, what, () => memberships.add(teamId, email, principal.userId))
        .catch(naming({ conflict: { status: 400, code: "invalid_request" } }));
      return reply.code(201).send(memberToWire(member));
    },
  );
}

function registerOneMember(
  app: ApiInstance,
  { identity: { memberships } }: WrennParts,
  { guards, trail, ownTeam }: Toolbox,
): void {
  app.patch(
    "/v1/teams/:id/members/:uid",
    {
      onRequest: guards.user("teams.write"),
      schema: {
        ...about,
        operationId: "updateMemberRole",
        summary: "Give a member another role; for the team's owner and admins",
        description: "The owner's own stays what it is.",
        params: MemberPath,
        body: Type.Object({ role: Type.Union([Type.Literal("admin"), Type.Literal("member")]) }),
        response: { 204: NoContent, ...errorReplies(...bodyStatuses, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const userId = idFromWire("user", request.params.uid, "uid");
      const teamId = await ownTeam.require(request, request.params.id);
      const { role } = request.body;
      const what = { action: "team.members", target: teamId, details: { set: { [userId]: role } } };
      await trail.change(request, principal, what, () => memberships.setRole(teamId, userId, role, principal.userId));
      return reply.code(204).send();
    },
  );

  app.delete(
    "/v1/teams/:id/members/:uid",
    {
      onRequest: guards.user("teams.write"),
      schema: {
        ...about,
        operationId: "removeTeamMember",
        summary: "Remove a member; for the team's owner and admins",
        description: "The keys that the member has made for the team end too.",
        params: MemberPath,
        response: { 204: NoContent, ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const userId = idFromWire("user", request.params.uid, "uid");
      const teamId = await ownTeam.require(request, request.params.id);
      const what = { action: "team.members", target: teamId, details: { removed: [userId] } };
      await trail.change(request, principal, what, () => memberships.remove(teamId, userId, principal.userId));
      return reply.code(204).send();
    },
  );
}

function registerLeaving(
  app: ApiInstance,
  { identity: { memberships } }: WrennParts,
  { guards, trail, ownTeam }: Toolbox,
): void {
  app.post(
    "/v1/teams/:id/leave",
    {
      onRequest: guards.user("teams.write"),
      schema: {
        ...about,
        operationId: "leaveTeam",
        summary: "Leave the team; its owner cannot",
        params: IdPath,
        response: { 204: NoContent, ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const teamId = await ownTeam.require(request, request.params.id);
      const what = { action: "team.members", target: teamId, details: { left: principal.userId } };
      await trail.change(request, principal, what, () => memberships.leave(teamId, principal.userId));
      return reply.code(204).send();
    },
  );
}
