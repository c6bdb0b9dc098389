/** Who asks: the token of a request, turned into a principal before the body is read, and the permission a route needs. */
import type { onRequestHookHandler } from "fastify";
import { createAdmission } from "../../identity/admission.ts";
import type { Authenticator } from "../../identity/identity.ts";
import type { Principal } from "../../identity/principal.ts";
import { YardError } from "../../platform/errors.ts";
import type { ApiRequest } from "../../platform/http/api.ts";
import { checkHook } from "../../platform/http/check-hook.ts";
import type { CookieSessions } from "./cookies.ts";
import { permissionFromWire, permissionToWire, type WirePermission } from "./permissions.ts";

export { principalOf } from "../../identity/admission.ts";

/** What App Mesh calls the audience of its own tokens: here the yard's, so that a session of any API's login is good. A token for another
 *  audience is good for `/appmesh/auth` alone. */
export const defaultAudience = "appmesh-service";

/** The yard's name of an audience; undefined is its own. */
export function audienceFromWire(name: string): string | undefined {
  return name === defaultAudience ? undefined : name;
}

export interface Guard {
  /** Makes the `onRequest` hook of a route: authenticated, and allowed if a permission is named. */
  (permission?: WirePermission): onRequestHookHandler;
  /** For a request behind a guard, where the answer depends on more than the route. @throws {YardError} forbidden */
  require(request: ApiRequest, permission: WirePermission): void;
}

export function createGuard({
  authenticator,
  cookies,
  denied,
}: {
  authenticator: Authenticator;
  cookies: CookieSessions;
  denied: (request: ApiRequest, principal: Principal, permission: string) => void;
}): Guard {
  const { admit, require } = createAdmission<ApiRequest>({
    authenticate(request) {
      const credential = credentialOf(request, cookies);
      return authenticator.recall(credential) ?? authenticator.authenticate(credential);
    },
    refuse(request, principal, permission) {
      denied(request, principal, permission);
      return lacks(principal, permissionToWire(permission));
    },
  });

  function guard(permission?: WirePermission): onRequestHookHandler {
    const needed = permission && permissionFromWire(permission);
    return checkHook((request) => admit(request, needed));
  }

  return Object.assign(guard, {
    require: (request: ApiRequest, permission: WirePermission) => require(request, permissionFromWire(permission)),
  });
}

export function lacks(principal: Principal, permission: string): YardError {
  return new YardError("forbidden", `user ${principal.username} lacks the permission ${permission}`);
}

/** The token of the `Authorization` header, with or without its scheme (TCP clients leave that out), or else of the cookies.
 *  @throws {YardError} unauthenticated */
export function credentialOf(request: ApiRequest, cookies: CookieSessions): string {
  const header = request.headers.authorization;
  if (header) return header.replace(/^Bearer\s+/i, "").trim();
  const token = cookies.tokenOf(request);
  if (token === undefined)
    throw new YardError(
      "unauthenticated",
      "a token is needed: log in at /appmesh/login and send it as Authorization: Bearer",
    );
  return token;
}

/** Name and password of a Basic header; the password may hold colons. */
export function basicCredentialsOf(request: ApiRequest): { username: string; password: string } {
  const [scheme, encoded] = (request.headers.authorization ?? "").split(/\s+/, 2);
  const text = scheme?.toLowerCase() === "basic" ? Buffer.from(encoded ?? "", "base64").toString("utf8") : "";
  const colon = text.indexOf(":");
  if (colon < 1)
    throw new YardError("invalid", "name and password are needed as HTTP Basic credentials", {
      field: "Authorization",
    });
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
