/** The hosts of the yard, as its other parts see them. */
import type { Host } from "./host.ts";
import type { HostStatus } from "./host-record.ts";
import type { WantedPlace } from "./placement.ts";

export interface Hosts {
  /** Any host, also one whose agent is connected to another yard: its calls fail with `unavailable`, which names that yard.
   *  @throws {YardError} not_found */
  get(id: string): Host;
  /** Those whose agents are connected to this yard, or were last: no host is in the lists of two yards. */
  list(): readonly Host[];
  /** The one that the control plane runs on. */
  readonly local: Host;
  /** Undefined: nobody knows it. `isLive`: its agent is connected, to this yard or to another one that lives. */
  find(id: string): Promise<{ readonly name: string; readonly isLive: boolean } | undefined>;
  /** Called whenever a host comes, goes, connects or is lost, or has another status. */
  onChange(listener: (change: HostChange) => void): Disposable;
  /** The host that is fittest for it, of those in `list`. @throws {YardError} unavailable (`host`), which says of each why not */
  place(wanted: WantedPlace): Promise<Host>;
}

export interface HostChange {
  readonly hostId: string;
  /** Absent: it was removed. */
  readonly status?: HostStatus;
  /** Its agent answers this yard. */
  readonly isConnected: boolean;
}
