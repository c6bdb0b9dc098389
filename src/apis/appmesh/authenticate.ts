/** Who asks: the bearer token of a request, turned into a principal before the body is read, and the permission a route needs. */
import type { Authenticator } from "../../identity/identity.ts";
import { mayDo, type Principal } from "../../identity/principal.ts";
import { YardError } from "../../platform/errors.ts";
import type { ApiInstance, ApiRequest } from "../../platform/http/api.ts";
import { permissionFromWire, type WirePermission } from "./permissions.ts";

/** What App Mesh calls the audience of its own tokens: here the yard's, so that a session of any API's login is good. A token for another
 *  audience is good for `/appmesh/auth` alone. */
export const defaultAudience = "appmesh-service";

/** The yard's name of an audience; undefined is its own. */
export function audienceFromWire(name: string): string | undefined {
  return name === defaultAudience ? undefined : name;
}

const principals = new WeakMap<ApiRequest, Principal>();

/** The principal of a request behind a guard. */
export function principalOf(request: ApiRequest): Principal {
  const principal = principals.get(request);
  if (!principal) throw new Error(`${request.routeOptions.url} has no guard`);
  return principal;
}

export type Guard = (permission?: WirePermission) => (request: ApiRequest) => Promise<void>;

/** Makes the `onRequest` hooks of routes: authenticated, and allowed if a permission is named. */
export function createGuard(parts: {
  authenticator: Authenticator;
  denied: (request: ApiRequest, principal: Principal, permission: string) => void;
}): Guard {
  return (permission) => {
    const needed = permission && permissionFromWire(permission);
    return async (request) => {
      const principal = await parts.authenticator.authenticate(bearerOf(request));
      principals.set(request, principal);
      if (needed === undefined || mayDo(principal, needed)) return;
      parts.denied(request, principal, needed);
      throw new YardError("forbidden", `user ${principal.username} lacks the permission ${permission}`);
    };
  };
}

/** The token of the `Authorization` header, with or without its scheme (TCP clients leave that out). */
export function bearerOf(request: ApiRequest): string {
  const header = request.headers.authorization;
  if (!header)
    throw new YardError(
      "unauthenticated",
      "a token is needed: log in at /appmesh/login and send it as Authorization: Bearer",
    );
  const token = /^Bearer\s+/i.test(header) ? header.replace(/^Bearer\s+/i, "") : header;
  return token.trim();
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
