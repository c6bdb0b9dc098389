/** Who may use a route: authenticated before the body is read, and allowed if the route names a permission. */

import type { Permission } from "../../identity/permissions.ts";
import { mayDo, type Principal } from "../../identity/principal.ts";
import { YardError } from "../../platform/errors.ts";
import type { ApiRequest } from "../../platform/http/api.ts";
import type { YardApiParts } from "./parts.ts";

const principals = new WeakMap<ApiRequest, Principal>();

/** The principal of a request behind a guard. */
export function principalOf(request: ApiRequest): Principal {
  const principal = principals.get(request);
  if (!principal) throw new Error(`${request.routeOptions.url} has no guard`);
  return principal;
}

export type Guard = (permission?: Permission) => (request: ApiRequest) => Promise<void>;

/** Makes `onRequest` hooks of routes. */
export function createGuard({ authenticate }: Pick<YardApiParts, "authenticate">): Guard {
  return (permission) => async (request) => {
    const principal = await authenticate(request);
    if (permission !== undefined && !mayDo(principal, permission)) {
      throw new YardError(
        "forbidden",
        `User ${principal.username} lacks the permission ${permission}; an administrator can grant a role that holds it.`,
      );
    }
    principals.set(request, principal);
  };
}

export const bearer = [{ Bearer: [] }];
