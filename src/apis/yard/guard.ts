/** Who may use a route: authenticated before the body is read, and allowed if the route names a permission. */
import type { onRequestHookHandler } from "fastify";
import type { Permission } from "../../identity/permissions.ts";
import { mayDo, type Principal } from "../../identity/principal.ts";
import { YardError } from "../../platform/errors.ts";
import type { ApiRequest } from "../../platform/http/api.ts";
import { checkHook } from "../../platform/http/check-hook.ts";
import type { YardApiParts } from "./parts.ts";

const principalKey = Symbol("principal");

declare module "fastify" {
  interface FastifyRequest {
    [principalKey]?: Principal;
  }
}

/** The principal of a request behind a guard. */
export function principalOf(request: ApiRequest): Principal {
  const principal = request[principalKey];
  if (!principal) throw new Error(`${request.routeOptions.url} has no guard`);
  return principal;
}

export type Guard = (permission?: Permission) => onRequestHookHandler;

/** Makes `onRequest` hooks of routes. */
export function createGuard({ authenticate }: Pick<YardApiParts, "authenticate">): Guard {
  return (permission) => {
    const admit = (request: ApiRequest, principal: Principal): void => {
      if (permission !== undefined && !mayDo(principal, permission)) throw lacks(principal, permission);
      request[principalKey] = principal;
    };
    return checkHook((request) => {
      const principal = authenticate(request);
      if (principal instanceof Promise) return principal.then((verified) => admit(request, verified));
      admit(request, principal);
    });
  };
}

function lacks(principal: Principal, permission: Permission): YardError {
  return new YardError(
    "forbidden",
    `User ${principal.username} lacks the permission ${permission}; an administrator can grant a role that holds it.`,
  );
}

export const bearer = [{ Bearer: [] }];
