/** Routes about a running capsule look at the capsule before they look at the body: its id, whose it is, whether it runs. */
import type { onRequestHookHandler } from "fastify";
import type { Capsules, Inside } from "../../capsules/capsule.ts";
import type { ApiRequest } from "../../platform/http/api.ts";
import { callerOf } from "./callers.ts";
import { naming } from "./errors.ts";
import { idFromWire } from "./ids.ts";

const insides = new WeakMap<ApiRequest, Inside>();

const agentError = { status: 502, code: "agent_error" };

/** Of what a host was asked for. `internal` is told by its agent alone: what is wrong here has no code yet. */
export const agentErrors = { interrupted: agentError, timeout: agentError, internal: agentError };

/** What a domain throws of a capsule, as Wrenn's clients know it. */
export const capsuleErrors = naming({ ...agentErrors, conflict: "invalid_state" });

/** Likewise, of its files: a conflict is a directory that is there already. */
export const fileErrors = naming(agentErrors);

/** The statuses of a route about a running capsule, besides those of its own. */
export const insideStatuses = [400, 401, 403, 404, 409, 502, 503] as const;

/** The `onRequest` hooks of a route below `/v1/capsules/:id`, in order: the guard, then the capsule. */
export function enterFirst(guard: onRequestHookHandler, capsules: Pick<Capsules, "enter">): onRequestHookHandler[] {
  return [
    guard,
    async (request) => {
      const { id } = request.params as { id: string };
      insides.set(
        request,
        await capsules.enter(callerOf(request).teamId, idFromWire("capsule", id)).catch(capsuleErrors),
      );
    },
  ];
}

/** The capsule that `enterFirst` has found. */
export function insideOf(request: ApiRequest): Inside {
  const inside = insides.get(request);
  if (!inside) throw new Error("this request is for no capsule: its route does not enter one first");
  return inside;
}
