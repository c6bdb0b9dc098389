/** Who may ask, found out before a body is read. What is a team's takes a key in `X-API-Key`, which decides alone where it is sent, or a token; what is
 *  a user's takes a token alone. A token of any API's login is good, and so is a user's own API key as Bearer. */
import type { IncomingHttpHeaders } from "node:http";
import type { onRequestHookHandler } from "fastify";
import { createAdmission, principalOf } from "../../identity/admission.ts";
import type { Authenticator } from "../../identity/identity.ts";
import type { Permission } from "../../identity/permissions.ts";
import { mayDo, type Principal } from "../../identity/principal.ts";
import type { TeamDirectory } from "../../identity/team-directory.ts";
import { YardError } from "../../platform/errors.ts";
import type { ApiRequest } from "../../platform/http/api.ts";
import { checkHook } from "../../platform/http/check-hook.ts";
import { type Caller, callerFor, rememberCaller } from "./callers.ts";
import { createCredentials, headerOf } from "./credentials.ts";
import type { HostTokens } from "./parts.ts";

export { principalOf };

/** Makes the `onRequest` hooks of routes. */
export interface Guards {
  /** A user, whatever team the token is for: `principalOf(request)`. */
  user(permission?: Permission): onRequestHookHandler;
  /** A user who is in the team that the token is for: `callerOf(request)`. */
  member(permission?: Permission): onRequestHookHandler;
  /** A team's key, or a member: `callerOf(request)`. Viewers may do what only looks. */
  team(permission: Permission): onRequestHookHandler;
  /** An administrator of the yard: `principalOf(request)`. */
  admin(): onRequestHookHandler;
  /** A host by its token: `hostIdOf(request)`. */
  host(): onRequestHookHandler;
  /** For sockets, whose token may come later than their request, in their first frame. @throws {YardError} as the guards do */
  admitToken(token: string, permission: Permission): Promise<Caller>;
  /** For what is not answered by a route: a team's key, or a member. @throws {YardError} as the guards do */
  admitHeaders(headers: IncomingHttpHeaders, permission: Permission): Promise<Caller>;
}

export interface GuardParts {
  readonly authenticator: Authenticator;
  readonly teamDirectory: TeamDirectory;
  /** Absent where no host asks. */
  readonly hostTokens?: HostTokens;
  /** Told of every refusal for want of a permission. */
  denied(request: ApiRequest, principal: Principal, permission: string): void;
}

/** All that a viewer of a team may do. */
const onlyLooking: ReadonlySet<string> = new Set<Permission>(["capsules.view", "channels.view", "keys.view"]);

/** What a user lacks who is no administrator, in the words of the audit log. */
const adminOnly = "*";

const hosts = new WeakMap<ApiRequest, string>();

/** The host behind a request that `host` has let in. */
export function hostIdOf(request: ApiRequest): string {
  const hostId = hosts.get(request);
  if (hostId === undefined) throw new Error("this request was let in as no host's: its route has no guard");
  return hostId;
}

export function createGuards({ authenticator, teamDirectory, hostTokens, denied }: GuardParts): Guards {
  const credentials = createCredentials(authenticator);

  function refuse(request: ApiRequest, principal: Principal, permission: string): YardError {
    denied(request, principal, permission);
    return lacks(principal, permission);
  }

  const users = createAdmission<ApiRequest>({ authenticate: credentials.ofUser, refuse });
  const keysOrUsers = createAdmission<ApiRequest>({ authenticate: credentials.ofTeam, refuse });

  function admitToTeam(request: ApiRequest, permission: Permission | undefined): Promise<void> | undefined {
    const found = callerFor(principalOf(request), teamDirectory);
    if (found instanceof Promise) return found.then((caller) => letIn(request, caller, permission));
    letIn(request, found, permission);
    return undefined;
  }

  async function admit(principal: Principal, permission: Permission): Promise<Caller> {
    if (!mayDo(principal, permission)) throw lacks(principal, permission);
    const caller = await callerFor(principal, teamDirectory);
    requireMore(caller, permission);
    return caller;
  }

  function teamHook(admission: typeof users, permission?: Permission): onRequestHookHandler {
    return checkHook((request) => {
      const pending = admission.admit(request, permission);
      return pending === undefined
        ? admitToTeam(request, permission)
        : pending.then(() => admitToTeam(request, permission));
    });
  }

  return {
    user: (permission) => checkHook((request) => users.admit(request, permission)),
    admin: () => checkHook((request) => users.admit(request, adminOnly)),
    member: (permission) => teamHook(users, permission),
    team: (permission) => teamHook(keysOrUsers, permission),

    host: () =>
      checkHook(async (request) => {
        const token = headerOf(request, "x-host-token");
        if (token === undefined || !hostTokens)
          throw new YardError("unauthenticated", "A host's token is needed, as X-Host-Token.");
        hosts.set(request, (await hostTokens.authenticate(token)).hostId);
      }),

    admitToken: async (token, permission) => admit(await credentials.ofToken(token), permission),
    admitHeaders: async (headers, permission) => admit(await credentials.ofTeam({ headers }), permission),
  };
}

function letIn(request: ApiRequest, caller: Caller, permission: Permission | undefined): void {
  if (permission !== undefined) requireMore(caller, permission);
  rememberCaller(request, caller);
}

/** @throws {YardError} forbidden, for a viewer who would do more than look */
function requireMore({ role }: Caller, permission: Permission): void {
  if (role !== "viewer" || onlyLooking.has(permission)) return;
  throw new YardError("forbidden", "You may only look in this team. One of its admins can make you a member.");
}

function lacks({ username }: Principal, permission: string): YardError {
  const message =
    permission === adminOnly
      ? `${username} is no administrator of this yard.`
      : `${username} lacks the permission ${permission}; an administrator can grant a role that holds it.`;
  return new YardError("forbidden", message);
}
