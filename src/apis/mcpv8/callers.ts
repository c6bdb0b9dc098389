/** Who asks. A token of the yard makes the request its user's. The document knows no authentication, and its clients send none: they are served on
 *  this machine, as somebody who owns nothing but what was made the same way. */
import type { onRequestHookHandler } from "fastify";
import type { Authenticator } from "../../identity/identity.ts";
import type { Permission } from "../../identity/permissions.ts";
import { mayDo, type Principal } from "../../identity/principal.ts";
import type { Actor } from "../../identity/trail.ts";
import { YardError } from "../../platform/errors.ts";
import type { ApiRequest } from "../../platform/http/api.ts";
import { bearerTokenOf } from "../../platform/http/bearer.ts";
import { checkHook } from "../../platform/http/check-hook.ts";
import { isLocalRequest, isLoopbackAddress } from "../../platform/http/local-request.ts";
import type { Owners } from "./owners.ts";

export interface Caller {
  /** Whose executions, heaps and labels it sees. */
  readonly teamId: string;
  readonly actor: Actor;
  /** Absent: open access. */
  readonly principal?: Principal;
}

export type Guard = (permission: Permission) => onRequestHookHandler;

export interface CallerParts {
  readonly authenticator: Authenticator;
  readonly owners: Owners;
  /** Whether programs on this machine need no token. */
  readonly open: boolean;
}

export interface GuardParts extends CallerParts {
  /** Told of every refusal for want of a permission. */
  denied(request: ApiRequest, actor: Actor, permission: string): void;
}

/** No team's id: those have a prefix. */
export const openTeamId = "open";
const openCaller: Caller = { teamId: openTeamId, actor: { userId: null, username: "open access" } };

const callers = new WeakMap<ApiRequest, Caller>();

/** Who sent a request that was let in. */
export function callerOf(request: ApiRequest): Caller {
  const caller = callers.get(request);
  if (!caller) throw new Error("this request was let in by nobody: its route has no guard");
  return caller;
}

/** Finds out who sends a request, whatever they may do; at once for a token that is remembered.
 *  @throws {YardError} unauthenticated; forbidden, see {@link requireOpen} */
export function createIdentify({
  authenticator,
  owners,
  open,
}: CallerParts): (request: ApiRequest) => Caller | Promise<Caller> {
  function callerFor(principal: Principal): Caller | Promise<Caller> {
    const teamId = owners.teamOf(principal);
    if (typeof teamId === "string") return { teamId, actor: principal, principal };
    return teamId.then((found) => ({ teamId: found, actor: principal, principal }));
  }

  return (request) => {
    if (request.headers.authorization === undefined) {
      requireOpen(request, open);
      return openCaller;
    }
    const token = bearerTokenOf(request.headers.authorization);
    if (token === undefined) throw new YardError("unauthenticated", "Send a token as Authorization: Bearer.");
    const principal = authenticator.recall(token);
    return principal === undefined ? authenticator.authenticate(token).then(callerFor) : callerFor(principal);
  };
}

/** Makes `onRequest` hooks of routes. */
export function createGuard(parts: GuardParts): Guard {
  const identify = createIdentify(parts);

  function letIn(request: ApiRequest, caller: Caller, permission: Permission): void {
    const { principal, actor } = caller;
    if (principal !== undefined && !mayDo(principal, permission)) {
      parts.denied(request, actor, permission);
      throw new YardError(
        "forbidden",
        `User ${principal.username} lacks the permission ${permission}; an administrator can grant a role that holds it.`,
      );
    }
    callers.set(request, caller);
  }

  return (permission) =>
    checkHook((request) => {
      const caller = identify(request);
      if (caller instanceof Promise) return caller.then((found) => letIn(request, found, permission));
      letIn(request, caller, permission);
    });
}

/** @throws {YardError} unauthenticated: not from here; forbidden: from here, but on behalf of a page from elsewhere */
function requireOpen(request: ApiRequest, open: boolean): void {
  if (open && isLocalRequest(request)) return;
  const isProxied = request.headers["x-forwarded-for"] !== undefined || request.headers.forwarded !== undefined;
  if (open && !isProxied && isLoopbackAddress(request.socket.remoteAddress ?? ""))
    throw new YardError(
      "forbidden",
      "Without a token this is served to programs on this machine only: Host and Origin must be loopback names.",
    );
  throw new YardError("unauthenticated", "A token is needed: send one of any API's login as Authorization: Bearer.");
}
