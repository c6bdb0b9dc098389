/** Who may use a route: authenticated before the body is read, and allowed if the route names a permission. */
import type { onRequestHookHandler } from "fastify";
import { createAdmission, principalOf } from "../../identity/admission.ts";
import type { Permission } from "../../identity/permissions.ts";
import { mayDo, type Principal } from "../../identity/principal.ts";
import { YardError } from "../../platform/errors.ts";
import type { ApiRequest } from "../../platform/http/api.ts";
import { checkHook } from "../../platform/http/check-hook.ts";
import type { Access, RowKind } from "./access.ts";
import type { YardApiParts } from "./parts.ts";

export { principalOf };

export type Guard = (permission?: Permission) => onRequestHookHandler;

/** Makes `onRequest` hooks of routes. */
export function createGuard({ authenticate }: Pick<YardApiParts, "authenticate">): Guard {
  const { admit } = createAdmission<ApiRequest>({ authenticate, refuse: lacks });
  return (permission) => checkHook((request) => admit(request, permission));
}

/** For whoever sees rows of a kind, as the API decides that they come from. */
export type SightGuard = (kind: RowKind) => onRequestHookHandler;

export function createSightGuard(
  { authenticate }: Pick<YardApiParts, "authenticate">,
  { needs }: Pick<Access, "needs">,
): SightGuard {
  const { admit } = createAdmission<ApiRequest>({ authenticate, refuse: lacks });
  const requireSight = (request: ApiRequest, kind: RowKind): void => {
    const principal = principalOf(request);
    const missing = needs[kind].find((permission) => !mayDo(principal, permission));
    if (missing !== undefined) throw lacks(request, principal, missing);
  };
  return (kind) =>
    checkHook((request) => {
      const pending = admit(request);
      if (pending !== undefined) return pending.then(() => requireSight(request, kind));
      requireSight(request, kind);
      return undefined;
    });
}

function lacks(_request: ApiRequest, principal: Principal, permission: string): YardError {
  return new YardError(
    "forbidden",
    `User ${principal.username} lacks the permission ${permission}; an administrator can grant a role that holds it.`,
  );
}

export const bearer = [{ Bearer: [] }];
