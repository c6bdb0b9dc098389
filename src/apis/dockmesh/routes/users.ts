/** Users: listed, made, changed and deleted. */
import { Type } from "typebox";
import { requirePassword } from "../../../identity/password-rules.ts";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { inWireFields, ScopeTags, userToWire, WireUser } from "../account-words.ts";
import { errorReplies } from "../errors.ts";
import { principalOf } from "../guards.ts";
import type { DockmeshParts } from "../parts.ts";
import { requireRole, withRole } from "../role-words.ts";
import { basePath, bearer, Done } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["users"], security: bearer };
export const UserPath = Type.Object({ id: Type.String() });
const usualRole = "viewer";
type Parts = Pick<DockmeshParts, "identity">;

export function registerUserRoutes(app: ApiInstance, parts: Parts, toolbox: Toolbox): void {
  registerList(app, parts, toolbox);
  registerCreate(app, parts, toolbox);
  registerUpdate(app, parts, toolbox);
  registerDelete(app, parts, toolbox);
}

function registerList(app: ApiInstance, { identity: { users, roles } }: Parts, { guards }: Toolbox): void {
  app.get(
    `${basePath}/users`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "users.list",
        summary: "List users by name",
        response: { 200: Type.Array(WireUser), ...errorReplies(401, 403) },
      },
    },
    async () => {
      const all = await roles.list();
      return (await users.list()).map((user) => userToWire(user, all));
    },
  );
}

function registerCreate(
  app: ApiInstance,
  { identity: { users, roles, policy } }: Parts,
  { guards, trail }: Toolbox,
): void {
  app.post(
    `${basePath}/users`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "users.create",
        summary: "Make a user",
        description: "Nobody gives more rights than they have.",
        body: Type.Object({
          username: Type.String({ minLength: 1 }),
          email: Type.Optional(Type.String()),
          password: Type.String({ format: "password" }),
          role: Type.Optional(Type.String({ description: `\`${usualRole}\` if absent` })),
          scope_tags: Type.Optional(ScopeTags),
        }),
        response: { 201: WireUser, ...errorReplies(400, 401, 403, 409, 503) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { username, email, password, role: asked, scope_tags: hostTags } = request.body;
      const role = asked || usualRole;
      const all = await roles.list();
      requireRole(role, all);
      requirePassword(password, (await policy.get()).passwords);
      const what = { action: "user.create", target: username.slice(0, 80), details: { role } };
      const user = await trail.change(request, principal, what, () =>
        inWireFields(() => users.create({ username, email, password, roles: [role], hostTags }, { by: principal })),
      );
      return reply.code(201).send(userToWire(user, all));
    },
  );
}

function registerUpdate(app: ApiInstance, { identity: { users, roles } }: Parts, { guards, trail }: Toolbox): void {
  app.put(
    `${basePath}/users/:id`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "users.update",
        summary: "Change a user",
        description: "What is left out stays, and an empty role, too; an empty list of tags lifts the scope.",
        params: UserPath,
        body: Type.Object({
          email: Type.Optional(Type.String({ description: "Empty: none" })),
          role: Type.Optional(Type.String()),
          scope_tags: Type.Optional(ScopeTags),
        }),
        response: { 200: WireUser, ...errorReplies(400, 401, 403, 404, 409) },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const { email, role, scope_tags: hostTags } = request.body;
      const all = await roles.list();
      const before = await users.getById(request.params.id);
      if (role) requireRole(role, all);
      const given = { email, hostTags, roles: role ? withRole(before.roles, all, role) : undefined };
      const details = { ...(email !== undefined && { email }), ...(role && { role }), ...(hostTags && { hostTags }) };
      const what = { action: "user.update", target: before.username, details };
      const user = await trail.change(request, principal, what, () =>
        inWireFields(() => users.update(before.username, given, { by: principal })),
      );
      return userToWire(user, all);
    },
  );
}

function registerDelete(app: ApiInstance, { identity: { users } }: Parts, { guards, trail }: Toolbox): void {
  app.delete(
    `${basePath}/users/:id`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "users.delete",
        summary: "Delete a user",
        description: "All the user's logins and API tokens end at once.",
        params: UserPath,
        response: { 204: Done, ...errorReplies(400, 401, 403, 404, 409) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { id, username } = await users.getById(request.params.id);
      if (id === principal.userId)
        throw new YardError("invalid", "Nobody deletes themselves: another administrator can.");
      await trail.change(request, principal, { action: "user.delete", target: username }, () =>
        inWireFields(() => users.delete(username, { by: principal })),
      );
      return reply.code(204).send();
    },
  );
}
