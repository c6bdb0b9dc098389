/** Who may use a route: authenticated before the body is read, and allowed if the route names a permission. */
import type { onRequestHookHandler } from "fastify";
import { createAdmission } from "../../identity/admission.ts";
import type { Permission } from "../../identity/permissions.ts";
import type { Principal } from "../../identity/principal.ts";
import { YardError } from "../../platform/errors.ts";
import type { ApiRequest } from "../../platform/http/api.ts";
import { checkHook } from "../../platform/http/check-hook.ts";
import type { YardApiParts } from "./parts.ts";

export { principalOf } from "../../identity/admission.ts";

export type Guard = (permission?: Permission) => onRequestHookHandler;

/** Makes `onRequest` hooks of routes. */
export function createGuard({ authenticate }: Pick<YardApiParts, "authenticate">): Guard {
  const { admit } = createAdmission<ApiRequest>({ authenticate, refuse: lacks });
  return (permission) => checkHook((request) => admit(request, permission));
}

function lacks(_request: ApiRequest, principal: Principal, permission: string): YardError {
  return new YardError(
    "forbidden",
    `User ${principal.username} lacks the permission ${permission}; an administrator can grant a role that holds it.`,
  );
}

export const bearer = [{ Bearer: [] }];
