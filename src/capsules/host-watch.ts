/** Keeps an eye on the hosts: compares each with the table when it is there, says of its capsules that they are `missing` when it is not. One timer for all. */

import type { Host } from "../hosts/host.ts";
import { isYardError } from "../platform/errors.ts";
import { every } from "../platform/timers.ts";
import type { CapsuleParts, CapsuleTimes } from "./parts.ts";
import type { ReconcileHost } from "./reconcile.ts";
import type { CapsuleStore } from "./store.ts";

export interface HostWatchParts extends Pick<CapsuleParts, "hosts" | "clock" | "log" | "essential"> {
  readonly store: CapsuleStore;
  readonly reconcile: ReconcileHost;
  readonly times: Pick<CapsuleTimes, "reconcileMs" | "missingAfterMs" | "hostCheckMs">;
}

export interface HostWatch extends AsyncDisposable {
  /** Soon. */
  request(hostId: string): void;
}

/** Monotonic times. */
interface Seen {
  readonly awaySince?: number;
  /** Undefined: as soon as it is there. */
  readonly reconciledAt?: number;
}

export function watchHosts(parts: HostWatchParts): HostWatch {
  const { hosts, store, clock, log, essential, times } = parts;
  const seen = new Map<string, Seen>();
  const reconciling = new Map<string, Promise<void>>();

  async function look(): Promise<void> {
    const now = clock.monotonic();
    const known = hosts.list();
    for (const id of seen.keys()) if (!known.some((host) => host.id === id)) seen.delete(id);
    for (const host of known) {
      const { awaySince, reconciledAt } = seen.get(host.id) ?? {};
      if (!host.connected) {
        const since = awaySince ?? now;
        seen.set(host.id, { awaySince: since });
        if (now - since >= times.missingAfterMs) await markMissing(host.id, host.name);
      } else if (reconciledAt === undefined || now - reconciledAt >= times.reconcileMs) {
        reconcile(host, now);
      }
    }
  }

  /** One at a time for each host; none waits for a host that does not answer but its own. */
  function reconcile(host: Host, now: number): void {
    if (reconciling.has(host.id)) return;
    seen.set(host.id, { reconciledAt: now });
    const done = parts.reconcile(host).catch((error: unknown) => {
      seen.set(host.id, {}); // at the next look
      const message = "the capsules of a host cannot be compared with the table; it is tried again";
      if (!isYardError(error, "unavailable")) log.error({ err: error, host: host.name }, message);
    });
    reconciling.set(
      host.id,
      done.finally(() => reconciling.delete(host.id)),
    );
  }

  /** Of hosts that no yard reaches, this one takes care: theirs cannot. */
  async function lookBeside(): Promise<void> {
    const others = await store.hostsBeside(hosts.list().map(({ id }) => id));
    for (const id of others) {
      const host = await hosts.find(id);
      if (!host?.isLive) await markMissing(id, host?.name ?? id);
    }
  }

  async function markMissing(hostId: string, name: string): Promise<void> {
    const reason = `Its host ${name} cannot be reached.`;
    for (const { id, status } of await store.onHost(hostId)) {
      if (status !== "running" && status !== "starting") continue;
      if (await essential(() => store.move(id, "missing", { reason })))
        log.warn({ capsule: id, host: name }, "a capsule is missing");
    }
  }

  async function pass(): Promise<void> {
    try {
      await look();
      await lookBeside();
    } catch (error) {
      log.warn({ err: error }, "the hosts of capsules could not be looked at; it is tried again");
    }
  }

  const first = pass();
  const timer = every(times.hostCheckMs, pass);
  return {
    request: (hostId) => void seen.set(hostId, {}),
    async [Symbol.asyncDispose]() {
      await timer[Symbol.asyncDispose]();
      await first;
      await Promise.all(reconciling.values());
    },
  };
}
