/** Roles: listed, made, changed and deleted; and the permissions that they are made of. */
import { Type } from "typebox";
import type { Role, Roles } from "../../../identity/identity.ts";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { inWireFields } from "../account-words.ts";
import { errorReplies } from "../errors.ts";
import { principalOf } from "../guards.ts";
import type { DockmeshParts } from "../parts.ts";
import { wirePermissions } from "../permissions.ts";
import { inOrder, isBuiltin, permissionsFromWire, roleToWire } from "../role-words.ts";
import { basePath, bearer, Done } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["roles"], security: bearer };
const CustomRole = Type.Object({
  name: Type.String(),
  display: Type.String({ description: "What people are shown" }),
  builtin: Type.Boolean({ description: "Nobody changes or deletes it" }),
  permissions: Type.Array(Type.String()),
});
const permissionList = Type.Array(Type.String(), { description: "Of GET /roles/permissions" });
const RoleInput = Type.Object({
  name: Type.String({ minLength: 1 }),
  display: Type.String({ minLength: 1 }),
  permissions: permissionList,
});
const RoleChange = Type.Partial(
  Type.Object({
    name: Type.String({ description: "As in the path" }),
    display: Type.String(),
    permissions: permissionList,
  }),
);
const RolePath = Type.Object({ name: Type.String() });
type Parts = Pick<DockmeshParts, "identity">;

export function registerRoleRoutes(app: ApiInstance, { identity: { roles } }: Parts, toolbox: Toolbox): void {
  registerReading(app, roles, toolbox);
  registerCreate(app, roles, toolbox);
  registerUpdate(app, roles, toolbox);
  registerDelete(app, roles, toolbox);
}

function registerReading(app: ApiInstance, roles: Roles, { guards }: Toolbox): void {
  app.get(
    `${basePath}/roles`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "roles.list",
        summary: "List roles, the built-in ones first",
        response: { 200: Type.Array(CustomRole), ...errorReplies(401, 403) },
      },
    },
    async () => inOrder(await roles.list()).map(roleToWire),
  );

  app.get(
    `${basePath}/roles/permissions`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "roles.permissions",
        summary: "List all permissions",
        response: {
          200: Type.Array(Type.Object({ name: Type.String(), description: Type.String() })),
          ...errorReplies(401, 403),
        },
      },
    },
    async () => Object.entries(wirePermissions).map(([name, { description }]) => ({ name, description })),
  );

  app.get(
    `${basePath}/roles/:name`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "roles.get",
        summary: "Read a role",
        params: RolePath,
        response: { 200: CustomRole, ...errorReplies(401, 403, 404) },
      },
    },
    async (request) => roleToWire(await findRole(roles, request.params.name)),
  );
}

function registerCreate(app: ApiInstance, roles: Roles, { guards, trail }: Toolbox): void {
  app.post(
    `${basePath}/roles`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "roles.create",
        summary: "Make a role",
        description: "Nobody puts into a role what they lack.",
        body: RoleInput,
        response: { 201: CustomRole, ...errorReplies(400, 401, 403, 409) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { name, display, permissions: asked } = request.body;
      const role = { name, displayName: display, permissions: permissionsFromWire(asked) };
      const what = { action: "role.create", target: name.slice(0, 80), details: { permissions: asked } };
      await trail.change(request, principal, what, () => inWireFields(() => roles.create(role, { by: principal })));
      return reply.code(201).send(roleToWire(role));
    },
  );
}

function registerUpdate(app: ApiInstance, roles: Roles, { guards, trail }: Toolbox): void {
  app.put(
    `${basePath}/roles/:name`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "roles.update",
        summary: "Change a role that is not built in",
        description: "What is left out stays. It acts at once for all who hold the role.",
        params: RolePath,
        body: RoleChange,
        response: { 200: CustomRole, ...errorReplies(400, 401, 403, 404, 409) },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const before = await findRole(roles, request.params.name);
      requireCustom(before.name);
      const { display, permissions: asked } = request.body;
      const role = {
        name: before.name,
        displayName: display || before.displayName,
        permissions: asked ? permissionsFromWire(asked, before.permissions) : before.permissions,
      };
      const what = { action: "role.update", target: role.name, details: { ...(asked && { permissions: asked }) } };
      await trail.change(request, principal, what, () => inWireFields(() => roles.change(role, { by: principal })));
      return roleToWire(role);
    },
  );
}

function registerDelete(app: ApiInstance, roles: Roles, { guards, trail }: Toolbox): void {
  app.delete(
    `${basePath}/roles/:name`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "roles.delete",
        summary: "Delete a role that is not built in",
        description: "Whoever holds it has nothing of it any more.",
        params: RolePath,
        response: { 204: Done, ...errorReplies(401, 403, 404, 409) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { name } = await findRole(roles, request.params.name);
      requireCustom(name);
      await trail.change(request, principal, { action: "role.delete", target: name }, () =>
        inWireFields(() => roles.delete(name, { by: principal })),
      );
      return reply.code(204).send();
    },
  );
}

/** @throws {YardError} not_found */
async function findRole(roles: Roles, name: string): Promise<Role> {
  const role = (await roles.list()).find((each) => each.name === name);
  if (!role) throw new YardError("not_found", `There is no role ${JSON.stringify(name.slice(0, 80))}.`);
  return role;
}

/** @throws {YardError} conflict */
function requireCustom(name: string): void {
  if (isBuiltin(name))
    throw new YardError("conflict", `The role ${name} is built in: nobody changes it. Make another one.`);
}
