/** Who asks: a user, an administrator, or a worker, found out before a body is read. A token of any API's login is good, and so is an API key. */
import type { onRequestHookHandler } from "fastify";
import { createAdmission, principalOf } from "../../identity/admission.ts";
import type { Authenticator } from "../../identity/identity.ts";
import type { Permission } from "../../identity/permissions.ts";
import type { Principal } from "../../identity/principal.ts";
import type { TeamDirectory } from "../../identity/team-directory.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import type { ApiRequest } from "../../platform/http/api.ts";
import { bearerTokenOf } from "../../platform/http/bearer.ts";
import { checkHook } from "../../platform/http/check-hook.ts";
import type { TaskCaller, TeamRole } from "../../tasks/task.ts";
import type { WorkerIdentity, Workers } from "../../tasks/workers.ts";
import type { Reading } from "./quirks.ts";
import { quirks } from "./quirks.ts";

export { principalOf };

/** Makes the `onRequest` hooks of routes. */
export interface Guards {
  user(permission?: Permission): onRequestHookHandler;
  admin(): onRequestHookHandler;
  worker(): onRequestHookHandler;
}

export interface GuardParts {
  readonly authenticator: Authenticator;
  readonly workers: Pick<Workers, "authenticate">;
  readonly teamDirectory: TeamDirectory;
  /** Told of every refusal for want of a permission. */
  denied(request: ApiRequest, principal: Principal, permission: string): void;
}

/** What a user lacks who is no administrator, in the words of the audit log. */
const adminOnly = "*";

const workersByRequest = new WeakMap<ApiRequest, WorkerIdentity>();
/** As long as a principal is remembered, so are the ids of its teams: both are forgotten when either changes. */
const callersByPrincipal = new WeakMap<Principal, TaskCaller>();

/** The user behind a request that `user` or `admin` has let in. */
export function callerOf(request: ApiRequest): TaskCaller {
  const caller = callersByPrincipal.get(principalOf(request));
  if (!caller) throw new Error("this request was let in by nobody: its route has no guard");
  return caller;
}

/** The worker behind a request that `worker` has let in. */
export function workerOf(request: ApiRequest): WorkerIdentity {
  const worker = workersByRequest.get(request);
  if (!worker) throw new Error("this request was let in as no worker's: its route has no guard");
  return worker;
}

export function createGuards({ authenticator, workers, teamDirectory, denied }: GuardParts): Guards {
  const { admit } = createAdmission<ApiRequest>({
    authenticate(request) {
      const token = tokenOf(request);
      return authenticator.recall(token) ?? authenticator.authenticate(token).catch((error) => refused(token, error));
    },
    refuse(request, principal, permission) {
      denied(request, principal, permission);
      return lacks(principal, permission);
    },
  });

  /** Whoever shows a token of a locked account is told so. */
  async function refused(token: string, error: unknown): Promise<never> {
    if (isYardError(error, "unauthenticated") && (await authenticator.isOfLockedUser(token)))
      throw new YardError(
        "forbidden",
        "This account is locked, or deleted. An administrator can make it active again.",
      );
    throw error;
  }

  function resolveTeams(request: ApiRequest): Promise<void> | undefined {
    const principal = principalOf(request);
    if (callersByPrincipal.has(principal)) return undefined;
    return taskCallerFor(principal, teamDirectory).then((caller) => void callersByPrincipal.set(principal, caller));
  }

  function userHook(permission?: string): onRequestHookHandler {
    return checkHook((request) => {
      const pending = admit(request, permission);
      return pending === undefined ? resolveTeams(request) : pending.then(() => resolveTeams(request));
    });
  }

  return {
    user: userHook,
    // Only an administrator holds it.
    admin: () => userHook(adminOnly),
    worker: () =>
      checkHook((request) => {
        const worker = workers.authenticate(tokenOf(request));
        if (worker instanceof Promise) return worker.then((found) => void workersByRequest.set(request, found));
        workersByRequest.set(request, worker);
        return undefined;
      }),
  };
}

/** The caller as the queue knows it: teams by their ids. */
export async function taskCallerFor(principal: Principal, directory: TeamDirectory): Promise<TaskCaller> {
  const { userId, username } = principal;
  const found = await directory.byNames(principal.teams.keys());
  const teams = new Map<string, TeamRole>();
  for (const [name, role] of principal.teams) {
    const team = found.get(name);
    if (team) teams.set(team.id, role);
  }
  return { userId, username, teams };
}

function lacks({ username }: Principal, permission: string): YardError {
  const message =
    permission === adminOnly
      ? `${username} is no administrator.`
      : `${username} lacks the permission ${permission}; an administrator can grant a role that holds it.`;
  return new YardError("forbidden", message);
}

/** @throws {YardError} unauthenticated */
function tokenOf(request: ApiRequest): string {
  const token = bearerTokenOf(request.headers.authorization);
  if (token !== undefined) return tokenFromWire(token);
  throw new YardError("unauthenticated", "A token is needed: log in at /login and send it as Authorization: Bearer.");
}

/** A token as the yard knows it. What the Rust programs hold is the base64 of a JWT, which has no dot; a JWT has two, and keys of other kinds have a
 *  prefix that ends with an underscore, which is no letter of base64. */
function tokenFromWire(token: string): string {
  return /[._]/.test(token) ? token : Buffer.from(token, "base64").toString("latin1");
}

export function tokenToWire(token: string, reading: Reading): string {
  return quirks.token[reading] === "base64" ? Buffer.from(token, "latin1").toString("base64") : token;
}
