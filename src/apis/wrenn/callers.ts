/** Who a request is from, once a guard has let it in: a user or a team's key, and the team that it speaks for. */
import type { Actor } from "../../capsules/capsule.ts";
import type { Principal } from "../../identity/principal.ts";
import type { TeamDirectory } from "../../identity/team-directory.ts";
import { YardError } from "../../platform/errors.ts";
import type { ApiRequest } from "../../platform/http/api.ts";

/** Whether the caller is a user or a key is told by `actor.kind`. */
export interface Caller {
  readonly principal: Principal;
  readonly teamId: string;
  /** The caller's, or that of whoever made the key. */
  readonly role: "owner" | "admin" | "member" | "viewer";
  /** As domains and notifications name who did something. */
  readonly actor: Actor;
}

const callers = new WeakMap<ApiRequest, Caller>();
/** As long as a principal is remembered, so is its team: both are forgotten when either changes. */
const byPrincipal = new WeakMap<Principal, Caller>();

/** Who sent a request that `guards.team` or `guards.member` has let in. It is also the scope that capsules are asked in. */
export function callerOf(request: ApiRequest): Caller {
  const caller = callers.get(request);
  if (!caller) throw new Error("this request was let in for no team: its route has no such guard");
  return caller;
}

export function rememberCaller(request: ApiRequest, caller: Caller): void {
  callers.set(request, caller);
}

/** At once for a principal that is remembered.
 *  @throws {YardError} not_found, for a team that is no more; forbidden, for one that the user has left */
export function callerFor(principal: Principal, directory: TeamDirectory): Caller | Promise<Caller> {
  return byPrincipal.get(principal) ?? findCaller(principal, directory);
}

async function findCaller(principal: Principal, directory: TeamDirectory): Promise<Caller> {
  const { teamId: asked } = principal.credential;
  const team = asked === undefined ? await directory.byName(principal.username) : await nameOf(asked, directory);
  const role = team && principal.teams.get(team.name);
  if (!role && principal.credential.kind === "apiKey" && asked !== undefined)
    throw new YardError("unauthenticated", "This key ended when its maker left the team. Make another one.");
  if (!team) throw new YardError("not_found", "The team that this credential is for is no more. Switch to another.");
  if (!role)
    throw new YardError("forbidden", `You are no member of ${team.name} any more. Switch to another team.`, {
      field: "team",
    });
  const caller = { principal, teamId: team.id, role, actor: actorOf(principal) };
  byPrincipal.set(principal, caller);
  return caller;
}

async function nameOf(teamId: string, directory: TeamDirectory) {
  return (await directory.byIds([teamId])).get(teamId);
}

function actorOf({ userId, username, credential }: Principal): Actor {
  if (credential.kind === "apiKey") return { kind: "apiKey", id: credential.keyId, name: credential.name };
  return { kind: "user", id: userId, name: username };
}
