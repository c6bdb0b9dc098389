/** Stacks, in Dockmesh's words. */
import { type Static, Type } from "typebox";
import { type DockerHosts, everywhere } from "../../containers/docker-hosts.ts";
import type { Placement } from "../../containers/stacks/placements.ts";
import { type Author, revisionOf, type StackSource } from "../../containers/stacks/stack-files.ts";
import type { ApiRequest } from "../../platform/http/api.ts";
import { hostToWire } from "./fan-out.ts";
import { callerOf } from "./stack-caller.ts";

const Status = Type.Unsafe<"ok" | "needs_recovery">(Type.Enum(["ok", "needs_recovery"]));

export const StackDetail = Type.Object({
  name: Type.String(),
  compose: Type.String({ description: "compose.yaml as it is; empty where it has to be recovered" }),
  env: Type.Optional(Type.String({ description: "The variables of the stack, decrypted" })),
  status: Type.Optional(Status),
  revision: Type.Optional(Type.String({ description: "Of both texts: whoever writes them anew can name it" })),
});

export const StackListEntry = Type.Object({
  name: Type.String(),
  compose_path: Type.Optional(Type.String()),
  deployment: Type.Optional(
    Type.Object({
      stack_name: Type.String(),
      host_id: Type.String(),
      host_name: Type.Optional(Type.String()),
      status: Type.Unsafe<Placement["status"]>(Type.Enum(["deployed", "stopped", "migrating", "migrated_away"])),
      deployed_at: Type.String({ format: "date-time" }),
      updated_at: Type.String({ format: "date-time" }),
    }),
  ),
  status: Type.Optional(Status),
});

type Hosts = Pick<DockerHosts, "list">;

export function detailToWire({ name, compose, env }: StackSource): Static<typeof StackDetail> {
  return { name, compose, ...(env !== undefined && { env }), status: "ok", revision: revisionOf({ compose, env }) };
}

export function placementToWire(placement: Placement, hosts: Hosts): Static<typeof StackListEntry>["deployment"] {
  const host = hosts.list(everywhere).find(({ id }) => id === placement.hostId);
  return {
    stack_name: placement.stack,
    ...(host === undefined ? { host_id: placement.hostId } : hostToWire(host)),
    status: placement.status,
    deployed_at: new Date(placement.deployedAt).toISOString(),
    updated_at: new Date(placement.updatedAt).toISOString(),
  };
}

export function authorOf(request: ApiRequest): Author {
  const { userId, mayReachHost } = callerOf(request);
  return { userId, isTrusted: mayReachHost };
}
