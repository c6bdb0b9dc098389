/** Groups: made, looked at, and who is in them. */
import { Type } from "typebox";
import type { Team } from "../../../identity/identity.ts";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance, ApiRequest } from "../../../platform/http/api.ts";
import type { TeamRef } from "../../../tasks/task.ts";
import { callerOf, principalOf } from "../callers.ts";
import { bodyStatuses, errorReplies } from "../errors.ts";
import { requireNewName } from "../names.ts";
import type { MitosisParts } from "../parts.ts";
import type { Reading } from "../quirks.ts";
import { mapOf, NameList, NoContent, namesFromQuery, nullable, Timestamp, userSecurity } from "../schemas.ts";
import { RoleReply, RoleRequest, roleFromWire, roleToWire } from "../team-roles.ts";
import { timeToWire } from "../times.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["Groups"], security: userSecurity };
const GroupPath = Type.Object({ group_name: Type.String() });
const Count = Type.Integer();

const GroupReply = Type.Object({
  group_name: Type.String(),
  creator_username: Type.String(),
  created_at: Timestamp,
  updated_at: Timestamp,
  state: Type.Union([Type.Literal("Active"), Type.Literal("Locked"), Type.Literal("Deleted")]),
  task_count: Count,
  storage_quota: Count,
  storage_used: Count,
  worker_count: Count,
  users_in_group: nullable(mapOf(RoleReply, { description: "For Admins of the group; null for others" })),
});

export function registerGroupRoutes(
  app: ApiInstance,
  { identity: { teams }, figures }: Pick<MitosisParts, "identity" | "figures">,
  { guards, trail, groups, readingOf }: Toolbox,
): void {
  app.post(
    "/groups",
    {
      onRequest: guards.user("teams.create"),
      schema: {
        ...about,
        operationId: "createGroup",
        summary: "Make a group, with the user as its Admin",
        body: Type.Object({ group_name: Type.String() }),
        response: { 200: NoContent, ...errorReplies(...bodyStatuses, 401, 403, 409) },
      },
    },
    async (request, reply) => {
      const { group_name: name } = request.body;
      requireNewName(name, "group_name");
      const principal = principalOf(request);
      await trail.change(request, principal, { action: "team.create", target: name }, () =>
        teams.create(name, principal, { withinQuota: true }),
      );
      return reply.code(200).send();
    },
  );

  app.get(
    "/groups/:group_name",
    {
      onRequest: guards.user(),
      schema: {
        ...about,
        operationId: "getGroup",
        summary: "Look at a group that the user is in",
        params: GroupPath,
        response: { 200: GroupReply, ...errorReplies(401, 403, 404) },
      },
    },
    async (request) => {
      const { id, name } = await groups.require(callerOf(request), request.params.group_name, "apart");
      const [team, tasks, workers, storage] = await Promise.all([
        teams.get(name),
        figures.tasksOf(id),
        figures.workersOf(id),
        figures.storageUsedBy(id),
      ]);
      return {
        ...groupToWire(team, readingOf(request)),
        ...{ task_count: tasks, worker_count: workers, storage_used: storage },
        users_in_group: mayLead(request, id) ? membersToWire(team) : null,
      };
    },
  );

  /** The group, if the user is an Admin of it. @throws {YardError} not_found, forbidden */
  async function requireLead(request: ApiRequest, name: string): Promise<TeamRef> {
    const team = await groups.require(callerOf(request), name, "apart");
    if (mayLead(request, team.id)) return team;
    throw new YardError("forbidden", `You are no Admin of the group ${name}.`, { field: "group_name" });
  }

  app.put(
    "/groups/:group_name/users",
    {
      onRequest: guards.user("teams.write"),
      schema: {
        ...about,
        operationId: "updateUserGroup",
        summary: "Take users into a group, or change what they may do there",
        description: "All of them, or none.",
        params: GroupPath,
        body: Type.Object({ relations: mapOf(RoleRequest, { description: "What each may do, by the user's name" }) }),
        response: { 200: NoContent, ...errorReplies(...bodyStatuses, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      const { name } = await requireLead(request, request.params.group_name);
      const { relations } = request.body;
      const roles = new Map(Object.entries(relations).map(([user, role]) => [user, roleFromWire(role)] as const));
      requireSome([...roles.keys()], "relations");
      const what = { action: "team.members", target: name, details: { set: relations } };
      await trail.change(request, principalOf(request), what, () => teams.setMembers(name, roles));
      return reply.code(200).send();
    },
  );

  async function remove(request: ApiRequest, group: string, usernames: readonly string[]): Promise<void> {
    const { name } = await requireLead(request, group);
    requireSome(usernames, "users");
    const what = { action: "team.members", target: name, details: { removed: usernames } };
    await trail.change(request, principalOf(request), what, () => teams.removeMembers(name, usernames));
  }

  app.delete(
    "/groups/:group_name/users",
    {
      onRequest: guards.user("teams.write"),
      schema: {
        ...about,
        operationId: "removeUserGroupParams",
        summary: "Remove users from a group",
        params: GroupPath,
        querystring: Type.Object({ users: NameList("Names; the key may be repeated") }),
        response: { 200: NoContent, ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      await remove(request, request.params.group_name, namesFromQuery(request.query.users));
      return reply.code(200).send();
    },
  );

  app.post(
    "/groups/:group_name/users/remove",
    {
      onRequest: guards.user("teams.write"),
      config: {
        undocumented: "the older form of DELETE, which the document has left out and the original still answers",
      },
      schema: { hide: true, params: GroupPath, body: Type.Object({ users: Type.Array(Type.String()) }) },
    },
    async (request, reply) => {
      await remove(request, request.params.group_name, request.body.users);
      return reply.code(200).send();
    },
  );
}

function mayLead(request: ApiRequest, teamId: string): boolean {
  const role = callerOf(request).teams.get(teamId);
  return role === "admin" || role === "owner";
}

/** @throws {YardError} invalid */
function requireSome(names: readonly string[], field: string): void {
  if (names.length === 0) throw new YardError("invalid", "name at least one user", { field });
}

function groupToWire(team: Team, reading: Reading) {
  return {
    group_name: team.name,
    creator_username: team.createdBy ?? "",
    created_at: timeToWire(team.createdAt, reading),
    updated_at: timeToWire(team.updatedAt, reading),
    state: "Active" as const, // nothing here locks a group
    storage_quota: team.storageQuotaBytes,
  };
}

function membersToWire({ members }: Team) {
  return Object.fromEntries(members.map(({ username, role }) => [username, roleToWire(role)]));
}
