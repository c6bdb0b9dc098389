/** Users: list, view, add, change, delete, lock and unlock; and the groups they are in. */
import { Type } from "typebox";
import { nameKey } from "../../../identity/names.ts";
import type { Trail } from "../../../identity/trail.ts";
import { isYardError, YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { defaultAudience, type Guard, principalOf } from "../authenticate.ts";
import type { AppMeshParts } from "../parts.ts";
import { quirks, readingOf } from "../quirks.ts";
import { errorReplies, Message } from "../schemas.ts";
import { groupOf } from "../tokens.ts";
import {
  changesFromWire,
  inUserFields,
  newUserFromWire,
  UserPath,
  UserRequest,
  UserView,
  userToWire,
} from "../users.ts";

const bearer = [{ BearerAuth: [] }];
const tags = ["UserManagement"];

/** The one name that App Mesh never locks; the yard itself keeps its last administrator from being locked, whatever the name. */
const neverLocked = "admin";

export function registerUserRoutes(app: ApiInstance, parts: AppMeshParts, guard: Guard, trail: Trail): void {
  const { users } = parts.identity;

  app.get(
    "/appmesh/users",
    {
      onRequest: guard("user-list"),
      schema: {
        summary: "List all users",
        tags,
        security: bearer,
        response: {
          200: Type.Union([
            Type.Array(UserView),
            Type.Unsafe<Record<string, UserView>>({
              type: "object",
              additionalProperties: UserView,
              description: "By name, for App Mesh's own clients",
            }),
          ]),
          ...errorReplies(400, 401),
        },
      },
    },
    async (request) => {
      const listed = (await users.list()).map(userToWire);
      const reading = readingOf(request.headers["user-agent"], parts.reading);
      return quirks.usersShape[reading] === "array"
        ? listed
        : Object.fromEntries(listed.map((user) => [user.name, user]));
    },
  );

  app.get(
    "/appmesh/user/self",
    {
      onRequest: guard(),
      schema: {
        summary: "View the user who asks",
        tags,
        security: bearer,
        response: {
          200: Type.Object({ ...UserView.properties, audience: Type.Array(Type.String()) }),
          ...errorReplies(401),
        },
      },
    },
    async (request) => ({
      ...userToWire(await users.getById(principalOf(request).userId)),
      audience: [defaultAudience], // tokens of another audience get no further than /appmesh/auth
    }),
  );

  app.get(
    "/appmesh/user/groups",
    {
      onRequest: guard(),
      schema: {
        summary: "List the groups that users are in",
        tags,
        security: bearer,
        response: { 200: Type.Array(Type.String()), ...errorReplies(401) },
      },
    },
    async () => [...new Set((await users.list()).map(groupOf).filter((group) => group !== ""))].sort(),
  );

  app.put(
    "/appmesh/user/:user_name",
    {
      onRequest: guard("user-add"),
      schema: {
        summary: "Add a user, or change one",
        description:
          "Nobody but an administrator gives more than they have: roles whose permissions they hold, groups they are in, their own exec_user. " +
          "Changing whether an existing user is locked needs user-lock or user-unlock too.",
        tags,
        security: bearer,
        params: UserPath,
        body: UserRequest,
        response: { 200: Message, 201: Message, ...errorReplies(400, 401, 412) },
      },
    },
    async (request, reply) => {
      const by = principalOf(request);
      const { user_name: name } = request.params;
      const existing = await users.get(name).catch(noneYet);
      if (existing && (existing.state === "locked") !== (request.body.locked ?? false)) {
        guard.require(request, request.body.locked ? "user-lock" : "user-unlock");
        if (request.body.locked) requireLockable(existing.username);
      }
      const action = existing ? "user.change" : "user.add";
      const what = { action, target: name, details: rightsIn(request.body) };
      await trail.change(request, by, what, () =>
        inUserFields(() =>
          existing
            ? users.update(existing.username, changesFromWire(request.body, existing), { by })
            : users.create(newUserFromWire(name, request.body), { by }),
        ),
      );
      const reading = readingOf(request.headers["user-agent"], parts.reading);
      return reply
        .code(quirks.userAddedStatus[reading])
        .send({ message: `user ${name} is ${existing ? "changed" : "added"}` });
    },
  );

  app.delete(
    "/appmesh/user/:user_name",
    {
      onRequest: guard("user-delete"),
      schema: {
        summary: "Delete a user and end its sessions; its applications stay",
        tags,
        security: bearer,
        params: UserPath,
        response: { 200: Message, ...errorReplies(400, 401, 404, 412) },
      },
    },
    async (request) => {
      const by = principalOf(request);
      const { user_name: name } = request.params;
      await trail.change(request, by, { action: "user.delete", target: name }, () =>
        parts.essential(() => inUserFields(() => users.delete(name, { by }))),
      );
      return { message: `user ${name} is deleted` };
    },
  );

  for (const { verb, permission, done, summary } of [
    { verb: "lock", permission: "user-lock", done: "locked", summary: "Lock a user out and end its sessions" },
    { verb: "unlock", permission: "user-unlock", done: "unlocked", summary: "Let a locked user in again" },
  ] as const) {
    app.post(
      `/appmesh/user/:user_name/${verb}`,
      {
        onRequest: guard(permission),
        schema: {
          summary,
          tags,
          security: bearer,
          params: UserPath,
          response: { 200: Message, ...errorReplies(400, 401, 404, 412) },
        },
      },
      async (request) => {
        const by = principalOf(request);
        const { user_name: name } = request.params;
        if (verb === "lock") requireLockable(name);
        await trail.change(request, by, { action: `user.${verb}`, target: name }, () =>
          parts.essential(() => inUserFields(() => users[verb](name, { by }))),
        );
        return { message: `user ${name} is ${done}` };
      },
    );
  }
}

function noneYet(error: unknown): undefined {
  if (!isYardError(error, "not_found")) throw error;
}

function requireLockable(name: string): void {
  if (nameKey(name) === neverLocked)
    throw new YardError("invalid", `${neverLocked} can't be locked`, { field: "user_name" });
}

/** What the audit trail keeps of a request: the rights in it, and nothing secret. */
function rightsIn({ roles, group, exec_user, locked }: UserRequest): Record<string, unknown> {
  return { roles: roles ?? [], group: group ?? "", execUser: exec_user ?? "", locked: locked ?? false };
}
