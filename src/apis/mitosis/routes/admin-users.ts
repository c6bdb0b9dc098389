/** Users, as administrators see to them. */
import { Type } from "typebox";
import type { User } from "../../../identity/identity.ts";
import type { Principal } from "../../../identity/principal.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { countChangeFromWire } from "../byte-sizes.ts";
import { principalOf } from "../callers.ts";
import { bodyStatuses, errorReplies } from "../errors.ts";
import { requireNewName } from "../names.ts";
import type { MitosisParts } from "../parts.ts";
import { Digest, digestFromWire, NoContent, userSecurity } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["Admin"], security: userSecurity };
const UserPath = Type.Object({ username: Type.String() });
const UserState = Type.Union([Type.Literal("Active"), Type.Literal("Locked"), Type.Literal("Deleted")]);
type WireState = "Active" | "Locked" | "Deleted";
const StateReply = Type.Object({ state: UserState });

/** The yard's built-in roles for the two kinds of users that Mitosis knows. */
const rolesOf = (isAdmin: boolean) => [isAdmin ? "admin" : "tasks"];

export function registerAdminUserRoutes(
  app: ApiInstance,
  { identity: { users, quotas } }: Pick<MitosisParts, "identity">,
  { guards, trail }: Toolbox,
): void {
  app.post(
    "/admin/users",
    {
      onRequest: guards.admin(),
      schema: {
        ...about,
        operationId: "adminCreateUser",
        summary: "Make a user, with a group of the same name",
        body: Type.Object({
          username: Type.String(),
          md5_password: Digest,
          admin: Type.Boolean({ description: "Whether the user is an administrator of the whole yard" }),
        }),
        response: { 200: NoContent, ...errorReplies(...bodyStatuses, 401, 403, 409) },
      },
    },
    async (request, reply) => {
      const { username, md5_password, admin } = request.body;
      requireNewName(username, "username");
      const by = principalOf(request);
      const roles = rolesOf(admin);
      await trail.change(request, by, { action: "user.create", target: username, details: { roles } }, () =>
        users.create({ username, digest: digestFromWire(md5_password), roles }, { by }),
      );
      return reply.code(200).send();
    },
  );

  const moves: Record<WireState, (name: string, by: Principal) => Promise<User>> = {
    Active: (name, by) => users.unlock(name, { by }),
    Locked: (name, by) => users.lock(name, { by }),
    Deleted: (name, by) => users.update(name, { retired: true }, { by }),
  };
  const actions = { Active: "user.unlock", Locked: "user.lock", Deleted: "user.retire" } as const;

  app.delete(
    "/admin/users/:username",
    {
      onRequest: guards.admin(),
      schema: {
        ...about,
        operationId: "adminDeleteUser",
        summary: "Mark a user as deleted",
        description: "The account is locked and its sessions end; its name, groups, tasks and workers stay.",
        params: UserPath,
        response: { 200: StateReply, ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request) => {
      const { username } = request.params;
      const by = principalOf(request);
      const user = await trail.change(request, by, { action: actions.Deleted, target: username }, () =>
        moves.Deleted(username, by),
      );
      return { state: stateToWire(user) };
    },
  );

  app.post(
    "/admin/users/:username/state",
    {
      onRequest: guards.admin(),
      schema: {
        ...about,
        operationId: "adminChangeUserState",
        summary: "Lock a user, mark one as deleted, or make one active again",
        description: "Whoever is not active loses every session at once.",
        params: UserPath,
        body: Type.Object({ state: UserState }),
        response: { 200: StateReply, ...errorReplies(...bodyStatuses, 401, 403, 404) },
      },
    },
    async (request) => {
      const { username } = request.params;
      const { state } = request.body;
      const by = principalOf(request);
      const user = await trail.change(request, by, { action: actions[state], target: username }, () =>
        moves[state](username, by),
      );
      return { state: stateToWire(user) };
    },
  );

  app.post(
    "/admin/users/:username/password",
    {
      onRequest: guards.admin(),
      schema: {
        ...about,
        operationId: "adminChangeUserPassword",
        summary: "Set a user's password, and end all of the user's sessions",
        params: UserPath,
        body: Type.Object({ new_md5_password: Digest }),
        response: { 200: NoContent, ...errorReplies(...bodyStatuses, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      const { username } = request.params;
      const digest = digestFromWire(request.body.new_md5_password);
      const by = principalOf(request);
      await trail.change(request, by, { action: "user.password", target: username }, () =>
        users.setDigest(username, digest, { by }),
      );
      return reply.code(200).send();
    },
  );

  app.post(
    "/admin/users/:username/group-quota",
    {
      onRequest: guards.admin(),
      schema: {
        ...about,
        operationId: "adminChangeUserGroupQuota",
        summary: "Change how many groups a user may have made",
        params: UserPath,
        body: Type.Object({ group_quota: Type.String({ description: "`10` or `=10`; `+5`, `-3`" }) }),
        response: {
          200: Type.Object({ group_quota: Type.Integer() }),
          ...errorReplies(...bodyStatuses, 401, 403, 404),
        },
      },
    },
    async (request) => {
      const { username } = request.params;
      const change = countChangeFromWire(request.body.group_quota, "group_quota");
      const what = { action: "user.team-quota", target: username, details: { ...change } };
      const group_quota = await trail.change(request, principalOf(request), what, () =>
        quotas.changeTeamQuota(username, change),
      );
      return { group_quota };
    },
  );
}

function stateToWire({ state, isRetired }: User): WireState {
  if (isRetired || state === "deleted") return "Deleted";
  return state === "locked" ? "Locked" : "Active";
}
