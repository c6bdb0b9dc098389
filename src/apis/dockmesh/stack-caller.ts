/** Who changes a stack, as the room of containers knows them. */
import type { OnHost, StackCaller } from "../../containers/stacks/stack-parts.ts";
import { mayDo } from "../../identity/principal.ts";
import type { ApiRequest } from "../../platform/http/api.ts";
import type { HostRequest } from "./asked-hosts.ts";
import { principalOf, reachOf } from "./guards.ts";
import { hostIdOf } from "./schemas.ts";

export function callerOf(request: ApiRequest): StackCaller {
  const principal = principalOf(request);
  return {
    ...{ userId: principal.userId, username: principal.username, reach: reachOf(request) },
    mayReachHost: mayDo(principal, "containers.host-access"),
  };
}

/** And where. @throws {YardError} invalid */
export function onHost(request: HostRequest): OnHost {
  return { hostId: hostIdOf(request.query), caller: callerOf(request) };
}
