/** The sandbox behind each capsule, on its host. Asked for once, then remembered: it is a thin thing that says where to send requests, and stays right
 *  when agent or connection are replaced. */
import type { Host, HostSandbox } from "../hosts/host.ts";
import { isYardError, YardError } from "../platform/errors.ts";
import type { Capsule } from "./capsule.ts";
import type { CapsuleHosts } from "./parts.ts";

/** What tells a capsule's sandbox from what else an agent has. */
export const capsulePrefix = "capsule";

export interface CapsuleSandboxes {
  /** Does something with it. @throws {YardError} unavailable, if its host is away or another yard's, or it is no longer there; what `work` throws */
  use<T>(
    capsule: Pick<Capsule, "id" | "driver" | "hostId">,
    work: (sandbox: HostSandbox) => T | Promise<T>,
  ): Promise<T>;
  remember(capsule: Pick<Capsule, "id" | "hostId">, sandbox: HostSandbox): void;
  /** Ends all in it and leaves nothing on its host. Nothing, if there is none. @throws {YardError} unavailable */
  remove(capsule: Pick<Capsule, "id" | "driver" | "hostId">): Promise<void>;
  /** The host of a capsule. @throws {YardError} unavailable, if this yard does not reach it */
  host(hostId: string): Promise<Host>;
}

const comeBackMs = 5_000;

/** @param onVanished called when a capsule seems not to be on its host as it should */
export function createCapsuleSandboxes({
  hosts,
  onVanished,
}: {
  hosts: CapsuleHosts;
  onVanished(hostId: string): void;
}): CapsuleSandboxes {
  /** By capsule. One that was moved has another sandbox on another host. */
  const known = new Map<string, { readonly hostId: string; readonly sandbox: HostSandbox }>();

  function recall({ id, hostId }: Pick<Capsule, "id" | "hostId">): HostSandbox | undefined {
    const found = known.get(id);
    return found?.hostId === hostId ? found.sandbox : undefined;
  }

  async function host(hostId: string): Promise<Host> {
    const found = hosts.list().find(({ id }) => id === hostId);
    if (found) return found;
    const elsewhere = await hosts.find(hostId);
    const name = elsewhere?.name ?? hostId;
    const message = elsewhere?.isLive
      ? `The host ${name} is connected to another yard of this database: ask that one.`
      : `The host ${name} cannot be reached. Start its agent, or its yard.`;
    throw new YardError("unavailable", message, { field: "host", retryAfterMs: comeBackMs });
  }

  async function find({ id, driver, hostId }: Pick<Capsule, "id" | "driver" | "hostId">): Promise<HostSandbox> {
    return (await host(hostId)).driver(driver).reattach({ driver, version: 1, id });
  }

  return {
    host,
    async use(capsule, work) {
      const { id, hostId } = capsule;
      try {
        const sandbox = recall(capsule) ?? (await find(capsule));
        known.set(id, { hostId, sandbox });
        return await work(sandbox);
      } catch (error) {
        if (isYardError(error, "precondition")) onVanished(hostId); // it may have stopped by itself
        if (!isYardError(error, "not_found")) throw error;
        known.delete(id);
        onVanished(hostId);
        throw new YardError("unavailable", `Capsule ${id} is no longer on its host.`, { cause: error });
      }
    },
    remember: ({ id, hostId }, sandbox) => void known.set(id, { hostId, sandbox }),
    async remove(capsule) {
      const sandbox = recall(capsule);
      if (sandbox) known.delete(capsule.id);
      try {
        await (sandbox ?? (await find(capsule))).destroy({ graceMs: 0 });
      } catch (error) {
        if (!isYardError(error, "not_found")) throw error;
      }
    },
  };
}
