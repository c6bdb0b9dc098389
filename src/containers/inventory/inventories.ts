/** What runs on the fleet's engines, without asking them each time.
 *
 *  Never stale means: a list holds every change whose own call was answered before the list was asked for, whoever made it, and nothing from before.
 *  On each look the engine is asked for its latest events, which is quick; it is asked for the list only while something has just changed. An engine
 *  that does not answer that is reported, and never covered up by what was known before. */
import { every } from "../../platform/timers.ts";
import { type DockerHost, type DockerHosts, everywhere } from "../docker-hosts.ts";
import type { ContainerRow } from "./container-row.ts";
import type { DockerEvent } from "./docker-event.ts";
import { type HostInventory, openHostInventory } from "./host-inventory.ts";

export interface HostEvent extends DockerEvent {
  readonly hostId: string;
}

export interface Inventories extends AsyncDisposable {
  /** As the host's engine lists them, the youngest first. @param options.all those that do not run as well   @throws {YardError} unavailable */
  containers(host: DockerHost, options: { readonly all: boolean }): Promise<readonly ContainerRow[]>;
  /** Every event of every engine, once. After an outage, what that engine still remembers. A listener must be quick, and not throw. */
  onEvent(listener: (event: HostEvent) => void): Disposable;
}

interface Open {
  readonly inventory: HostInventory;
  askedAtMs: number;
}

export interface InventoryOptions {
  /** After so long without anybody who asks or listens, an engine's stream is closed. */
  readonly idleMs?: number;
  /** An engine that takes longer than this to answer is reported as unavailable. */
  readonly timeoutMs?: number;
  /** How often hosts are looked for that have come or gone. */
  readonly tendMs?: number;
}

export function createInventories(
  hosts: Pick<DockerHosts, "list">,
  { idleMs = 5 * 60_000, timeoutMs = 10_000, tendMs = 2_000 }: InventoryOptions = {},
): Inventories {
  const open = new Map<string, Open>();
  const listeners = new Set<(event: HostEvent) => void>();

  function opened({ id, isLocal, engine }: DockerHost): Open {
    const found = open.get(id);
    if (found) return found;
    const tell = (event: DockerEvent) => {
      for (const listener of listeners) listener({ ...event, hostId: id });
    };
    const inventory = openHostInventory({ engine, isOurs: isLocal, timeoutMs, tell });
    const made = { inventory, askedAtMs: performance.now() };
    open.set(id, made);
    return made;
  }

  function listenToAll(): void {
    for (const host of hosts.list(everywhere)) if (host.isOnline) opened(host);
  }

  async function tend(): Promise<void> {
    if (listeners.size > 0) listenToAll();
    const online = new Set(hosts.list(everywhere).flatMap(({ id, isOnline }) => (isOnline ? [id] : [])));
    const idleSinceMs = performance.now() - idleMs;
    const over = [...open].filter(
      ([id, { askedAtMs }]) => !online.has(id) || (listeners.size === 0 && askedAtMs < idleSinceMs),
    );
    for (const [id] of over) open.delete(id);
    await Promise.all(over.map(([, { inventory }]) => inventory[Symbol.asyncDispose]()));
  }
  const tending = every(tendMs, tend);

  return {
    containers(host, options) {
      const one = opened(host);
      one.askedAtMs = performance.now();
      return one.inventory.containers(options);
    },
    onEvent(listener) {
      listeners.add(listener);
      listenToAll();
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    async [Symbol.asyncDispose]() {
      await tending[Symbol.asyncDispose]();
      await Promise.all([...open.values()].map(({ inventory }) => inventory[Symbol.asyncDispose]()));
    },
  };
}
