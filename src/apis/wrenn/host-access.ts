/** Who may do what to which host. Administrators may do everything; of a team's own hosts its members see all, its owner and its admins also add and
 *  remove them. What is nobody's to see is not there. */
import type { HostRecord } from "../../hosts/host-record.ts";
import { YardError } from "../../platform/errors.ts";
import type { Caller } from "./callers.ts";
import type { HostParts } from "./parts.ts";

export interface HostAccess {
  /** @throws {YardError} not_found, also for one that the caller may not see */
  see(caller: Caller, hostId: string): Promise<HostRecord>;
  /** As far as the kind of host decides it: everybody's are the administrators'. @throws {YardError} not_found, forbidden */
  touch(caller: Caller, hostId: string): Promise<HostRecord>;
  /** @throws {YardError} not_found, forbidden */
  lead(caller: Caller, hostId: string): Promise<HostRecord>;
  /** To add one. @param teamId of one that is to be a team's own @throws {YardError} not_found, forbidden */
  add(caller: Caller, teamId: string | undefined): Promise<void>;
}

export function createHostAccess({ identity: { memberships }, hosts: { registry } }: HostParts): HostAccess {
  async function requireLeader({ principal }: Caller, teamId: string): Promise<void> {
    if (principal.isAdmin) return;
    const members = await memberships.members(teamId);
    const role = members.find(({ userId }) => userId === principal.userId)?.role;
    if (role === "owner" || role === "admin") return;
    throw new YardError("forbidden", "Only the team's owner and its admins may do that with its hosts.");
  }

  async function touch(caller: Caller, hostId: string): Promise<HostRecord> {
    const host = await registry.get(hostId);
    if (caller.principal.isAdmin) return host;
    if (host.kind === "regular")
      throw new YardError("forbidden", "Only administrators may do that with a host that is everybody's.");
    if (host.teamId !== caller.teamId) throw notThere(hostId);
    return host;
  }

  return {
    touch,

    async see({ principal, teamId }, hostId) {
      const host = await registry.get(hostId);
      if (principal.isAdmin || (host.kind === "byoc" && host.teamId === teamId)) return host;
      throw notThere(hostId);
    },

    async lead(caller, hostId) {
      const host = await touch(caller, hostId);
      if (host.teamId !== undefined) await requireLeader(caller, host.teamId);
      return host;
    },

    async add(caller, teamId) {
      if (teamId === undefined) {
        if (caller.principal.isAdmin) return;
        throw new YardError("forbidden", "Only administrators may add hosts that are everybody's.");
      }
      const team = await memberships.team(teamId);
      await requireLeader(caller, teamId);
      if (!team.isByoc)
        throw new YardError(
          "forbidden",
          "The team runs on everybody's hosts. An administrator can let it have its own.",
        );
    },
  };
}

function notThere(hostId: string): YardError {
  return new YardError("not_found", `There is no host ${hostId}.`);
}
