/** Who may ask, found out before a body is read: the bearer of a session's token, or of an API token. */
import type { onRequestHookHandler } from "fastify";
import type { Reach } from "../../containers/docker-hosts.ts";
import { createAdmission, principalOf } from "../../identity/admission.ts";
import type { Authenticator } from "../../identity/identity.ts";
import type { Principal } from "../../identity/principal.ts";
import { YardError } from "../../platform/errors.ts";
import type { ApiRequest } from "../../platform/http/api.ts";
import { bearerTokenOf } from "../../platform/http/bearer.ts";
import { checkHook } from "../../platform/http/check-hook.ts";
import { holds, type WirePermission } from "./permissions.ts";

export { principalOf };

/** Makes the `onRequest` hooks of routes. */
export interface Guards {
  /** Anybody with a credential: `principalOf(request)`. */
  signedIn(): onRequestHookHandler;
  may(permission: WirePermission): onRequestHookHandler;
  /** For a request that is in, where the answer depends on more than its route. @throws {YardError} forbidden */
  require(request: ApiRequest, permission: WirePermission): void;
}

export interface GuardParts {
  readonly authenticator: Authenticator;
  /** Told of every refusal for want of a permission. */
  denied(request: ApiRequest, principal: Principal, permission: string): void;
}

/** Which hosts the sender of an admitted request may reach. */
export function reachOf(request: ApiRequest): Reach {
  return { hostTags: principalOf(request).hostTags ?? [] };
}

export function createGuards({ authenticator, denied }: GuardParts): Guards {
  const admission = createAdmission<ApiRequest>({
    authenticate(request) {
      const credential = bearerTokenOf(request.headers.authorization);
      if (credential === undefined) {
        throw new YardError("unauthenticated", "Sign in: a token is needed, as Authorization: Bearer.");
      }
      return authenticator.recall(credential) ?? authenticator.authenticate(credential, { remoteAddress: request.ip });
    },
    refuse: (_request, principal, permission) => lacks(principal, permission),
  });

  function require(request: ApiRequest, permission: WirePermission): void {
    const principal = principalOf(request);
    if (holds(principal, permission)) return;
    denied(request, principal, permission);
    throw lacks(principal, permission);
  }

  return {
    require,
    signedIn: () => checkHook((request) => admission.admit(request)),
    may: (permission) =>
      checkHook((request) => {
        const pending = admission.admit(request);
        if (pending !== undefined) return pending.then(() => require(request, permission));
        require(request, permission);
      }),
  };
}

function lacks({ username }: Principal, permission: string): YardError {
  return new YardError(
    "forbidden",
    `${username} lacks the permission ${permission}; an administrator can grant a role that holds it.`,
  );
}
