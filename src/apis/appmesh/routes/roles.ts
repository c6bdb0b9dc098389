/** Roles and permissions. A change of a role acts at once for all who hold it. */
import { Type } from "typebox";
import { permissions as allPermissions } from "../../../identity/permissions.ts";
import type { Trail } from "../../../identity/trail.ts";
import { isYardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { type Guard, principalOf } from "../authenticate.ts";
import type { AppMeshParts } from "../parts.ts";
import { permissionFromWire, permissionToWire } from "../permissions.ts";
import { errorReplies, Message } from "../schemas.ts";

const bearer = [{ BearerAuth: [] }];
const tags = ["Authorization"];
const RolePath = Type.Object({ role_name: Type.String({ minLength: 1 }) });
const Names = Type.Array(Type.String());

export function registerRoleRoutes(app: ApiInstance, parts: AppMeshParts, guard: Guard, trail: Trail): void {
  const { roles } = parts.identity;

  app.get(
    "/appmesh/roles",
    {
      onRequest: guard("role-view"),
      schema: {
        summary: "List the roles with their permissions",
        tags,
        security: bearer,
        response: {
          200: Type.Unsafe<Record<string, string[]>>({
            type: "object",
            additionalProperties: Names,
            description: "Permissions by role; `*` is every one",
          }),
          ...errorReplies(400, 401),
        },
      },
    },
    async () => Object.fromEntries([...(await roles.all())].map(([name, held]) => [name, toWire(held)])),
  );

  app.post(
    "/appmesh/role/:role_name",
    {
      onRequest: guard("role-set"),
      schema: {
        summary: "Make a role, or replace its permissions; an empty list deletes it",
        description: "Only an administrator adds permissions that they do not hold. The role admin stays as it is.",
        tags,
        security: bearer,
        params: RolePath,
        body: Type.Array(Type.String(), { description: "Permission names; unknown ones are kept" }),
        response: { 200: Message, ...errorReplies(400, 401, 404, 412) },
      },
    },
    async (request) => {
      const by = principalOf(request);
      const { role_name: name } = request.params;
      const permissions = request.body.map(permissionFromWire);
      const what = { action: "role.write", target: name, details: { permissions } };
      await trail.change(request, by, what, () => roles.set(name, permissions, { by }).catch(ifEmptied(permissions)));
      return { message: `role ${name} is ${permissions.length > 0 ? "set" : "deleted"}` };
    },
  );

  app.delete(
    "/appmesh/role/:role_name",
    {
      onRequest: guard("role-delete"),
      schema: {
        summary: "Delete a role, whether it is there or not",
        tags,
        security: bearer,
        params: RolePath,
        response: { 200: Message, ...errorReplies(400, 401, 404, 412) },
      },
    },
    async (request) => {
      const by = principalOf(request);
      const { role_name: name } = request.params;
      await trail.change(request, by, { action: "role.delete", target: name }, () =>
        roles.delete(name, { by }).catch(ifEmptied([])),
      );
      return { message: `role ${name} is deleted` };
    },
  );

  app.get(
    "/appmesh/permissions",
    {
      onRequest: guard("permission-list"),
      schema: {
        summary: "List all permissions that some role has",
        tags,
        security: bearer,
        response: { 200: Names, ...errorReplies(400, 401) },
      },
    },
    async () =>
      toWire([...(await roles.all()).values()].flat().flatMap((name) => (name === "*" ? allPermissions : [name]))),
  );

  app.get(
    "/appmesh/user/permissions",
    {
      onRequest: guard(),
      schema: {
        summary: "List the permissions of the user who asks",
        tags,
        security: bearer,
        response: { 200: Names, ...errorReplies(401) },
      },
    },
    async (request) => toWire([...principalOf(request).permissions]),
  );
}

/** Sorted, each once. */
function toWire(names: readonly string[]): string[] {
  return [...new Set(names.map(permissionToWire))].sort();
}

/** Deleting what is not there is done already. */
function ifEmptied(permissions: readonly string[]): (error: unknown) => void {
  return (error) => {
    if (permissions.length > 0 || !isYardError(error, "not_found")) throw error;
  };
}
