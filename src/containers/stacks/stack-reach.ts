/** Who may have to do with a stack, among those who are held to some hosts: it belongs to the host that it was deployed to; before that to nobody. */
import { YardError } from "../../platform/errors.ts";
import type { DockerHosts, Reach } from "../docker-hosts.ts";

/** A stack's placement, or one of its deployments. */
export interface PlacedStack {
  readonly stack: string;
  readonly hostId: string;
}

type Hosts = Pick<DockerHosts, "list">;

export function isStackWithin(placed: PlacedStack | undefined, reach: Reach, hosts: Hosts): boolean {
  if (placed === undefined || reach.hostTags.length === 0) return true;
  return hosts.list(reach).some(({ id }) => id === placed.hostId);
}

/** @throws {YardError} forbidden */
export function requireStackWithin(placed: PlacedStack | undefined, reach: Reach, hosts: Hosts): void {
  if (isStackWithin(placed, reach, hosts)) return;
  throw new YardError(
    "forbidden",
    `The stack ${placed?.stack} is on a host that has none of the tags you are held to.`,
  );
}
