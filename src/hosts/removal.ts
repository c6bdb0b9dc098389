/** The end of a host: what it runs for others ends first, or keeps it. */
import { isYardError, YardError } from "../platform/errors.ts";
import type { Fleet } from "./fleet.ts";
import type { HostRecord } from "./host-record.ts";
import type { HostLog } from "./log.ts";
import type { HostRegistry } from "./registry.ts";

export interface HostRemoval {
  /** Ids of the capsules that keep it from being removed. @throws {YardError} not_found */
  preview(hostId: string): Promise<{ readonly host: HostRecord; readonly capsuleIds: readonly string[] }>;
  /** @param options.force ends what runs there for others
   *  @throws {YardError} not_found; precondition, for a host that a yard runs on; conflict (`details.capsuleIds`), if something is in the way */
  remove(hostId: string, options: { force: boolean }): Promise<void>;
}

/** What lives on hosts. */
export interface Tenants {
  /** Ids of the capsules there that are to start, run or are missing; paused ones do not count. */
  activeOn(hostId: string): Promise<readonly string[]>;
  /** Ends all capsules there, those that cannot be reached in name alone. */
  destroyOn(hostId: string): Promise<void>;
}

export interface RemovalParts {
  readonly registry: HostRegistry;
  readonly fleet: Fleet;
  readonly tenants: Tenants;
  changed(hostId: string): Promise<void>;
  readonly log: HostLog;
}

const stopGraceMs = 5_000;

export function createHostRemoval({ registry, fleet, tenants, changed, log }: RemovalParts): HostRemoval {
  /** It has nobody to work for any more. One that cannot be reached hears of it when it connects again. */
  async function stopAgent({ id, name }: HostRecord): Promise<void> {
    const host = fleet.get(id);
    if (!host.connected) return;
    await host.shutdown({ graceMs: stopGraceMs }).catch((error: unknown) => {
      if (!isYardError(error)) throw error;
      log.warn({ host: name, err: error }, "the agent of a host that is removed could not be told to stop");
    });
  }

  const preview: HostRemoval["preview"] = async (hostId) => ({
    host: await registry.get(hostId),
    capsuleIds: await tenants.activeOn(hostId),
  });

  return {
    preview,
    async remove(hostId, { force }) {
      const { host, capsuleIds } = await preview(hostId);
      if (host.isLocal)
        throw new YardError(
          "precondition",
          `${host.name} is a yard's own machine: it is a host for as long as that yard is.`,
        );
      if (capsuleIds.length > 0 && !force)
        throw new YardError(
          "conflict",
          `${capsuleIds.length} capsules are on ${host.name}: destroy them, or force its removal.`,
          {
            details: { capsuleIds },
          },
        );
      await tenants.destroyOn(hostId);
      await fleet.refresh();
      if (host.status !== "pending") await stopAgent(host);
      await registry.remove(hostId);
      await fleet.refresh();
      await changed(hostId);
    },
  };
}
