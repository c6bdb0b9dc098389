/** The host that a capsule is to be moved to. */
import type { Host } from "../../hosts/host.ts";
import { YardError } from "../../platform/errors.ts";
import type { Capsule } from "../capsule.ts";
import type { CapsuleHosts } from "../parts.ts";

/** @param called its id, or the name that it alone has @throws {YardError} not_found, conflict (`host`) */
export function findTarget(hosts: CapsuleHosts, called: string): Pick<Host, "id" | "name"> {
  const found = hosts.list().filter(({ id, name }) => id === called || name === called);
  if (found.length > 1)
    throw new YardError("conflict", `Several hosts are called ${called}: name one by its id.`, { field: "host" });
  if (found[0]) return found[0];
  const message = `This yard reaches no host ${called}. Name one by its id or its name, and ask the yard that it is connected to.`;
  throw new YardError("not_found", message, { field: "host" });
}

/** One that the capsule could have been made on, with room for it when it runs again.
 *  @throws {YardError} unavailable (`host`), which says why it does not take the capsule */
export async function requirePlace(
  hosts: CapsuleHosts,
  { teamId, driver, vcpus, memoryMb, diskMb }: Capsule,
  { id: hostId }: Pick<Host, "id">,
): Promise<void> {
  await hosts.place({ teamId, driver, hostId, vcpus, memoryMb, diskMb });
}
