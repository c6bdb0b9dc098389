/** Who asks: the bearer token of a request, turned into a principal before the body is read, and the permission a route needs. */
import type { onRequestHookHandler } from "fastify";
import type { Authenticator } from "../../identity/identity.ts";
import { mayDo, type Principal } from "../../identity/principal.ts";
import { YardError } from "../../platform/errors.ts";
import type { ApiInstance, ApiRequest } from "../../platform/http/api.ts";
import { checkHook } from "../../platform/http/check-hook.ts";
import { permissionFromWire, type WirePermission } from "./permissions.ts";

/** What App Mesh calls the audience of its own tokens: here the yard's, so that a session of any API's login is good. A token for another
 *  audience is good for `/appmesh/auth` alone. */
export const defaultAudience = "appmesh-service";

/** The yard's name of an audience; undefined is its own. */
export function audienceFromWire(name: string): string | undefined {
  return name === defaultAudience ? undefined : name;
}

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

export interface Guard {
  /** Makes the `onRequest` hook of a route: authenticated, and allowed if a permission is named. */
  (permission?: WirePermission): onRequestHookHandler;
  /** For a request behind a guard, where the answer depends on more than the route. @throws {YardError} forbidden */
  require(request: ApiRequest, permission: WirePermission): void;
}

export function createGuard({
  authenticator,
  denied,
}: {
  authenticator: Authenticator;
  denied: (request: ApiRequest, principal: Principal, permission: string) => void;
}): Guard {
  function require(request: ApiRequest, permission: WirePermission): void {
    const principal = principalOf(request);
    const needed = permissionFromWire(permission);
    if (mayDo(principal, needed)) return;
    denied(request, principal, needed);
    throw new YardError("forbidden", `user ${principal.username} lacks the permission ${permission}`);
  }

  function guard(permission?: WirePermission): onRequestHookHandler {
    const admit = (request: ApiRequest, principal: Principal): void => {
      request[principalKey] = principal;
      if (permission !== undefined) require(request, permission);
    };
    return checkHook((request) => {
      const token = bearerOf(request);
      const principal = authenticator.recall(token);
      if (!principal) return authenticator.authenticate(token).then((verified) => admit(request, verified));
      admit(request, principal);
    });
  }

  return Object.assign(guard, { require });
}

/** The token of the `Authorization` header, with or without its scheme (TCP clients leave that out). */
export function bearerOf(request: ApiRequest): string {
  const header = request.headers.authorization;
  if (!header)
    throw new YardError(
      "unauthenticated",
      "a token is needed: log in at /appmesh/login and send it as Authorization: Bearer",
    );
  return header.replace(/^Bearer\s+/i, "").trim();
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

/** Keeps a plugin's routes from being registered without a decision about who may use them. */
export function requireGuards(app: ApiInstance, open: readonly string[]): void {
  app.addHook("onRoute", (route) => {
    const methods = [route.method].flat().filter((method) => method !== "HEAD");
    for (const method of methods) {
      if (!route.onRequest && !open.includes(`${method} ${route.url}`))
        throw new Error(`${method} ${route.url} has no guard`);
    }
  });
}
