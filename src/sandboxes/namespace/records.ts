/** What the driver remembers of a sandbox on disk, beside its processes. */
import type { GroupPlaces } from "../../platform/process/cgroup-tree.ts";
import type { SandboxData } from "../processes/records.ts";
import type { Limits, NetworkMode } from "../sandbox.ts";
import type { Init } from "./init.ts";
import type { Ground } from "./layer-store.ts";

export interface NamespaceRecord {
  readonly ground: Ground;
  readonly limits?: Limits;
  readonly network?: NetworkMode;
  readonly rootId: number;
  readonly isPaused: boolean;
  /** It was there once, so that there is something to keep. */
  readonly isMade?: boolean;
  /** The layer that what it has written is about to become (home.ts). */
  readonly capturing?: string;
  /** Of what it lives in (residences.ts); absent until it has started, as is all below. */
  readonly name?: string;
  /** Its place in the network, if it may reach the outside. */
  readonly slot?: number;
  readonly started?: {
    readonly init: Init;
    readonly boot: string;
    readonly groups: GroupPlaces;
  };
}

export const asData = (record: NamespaceRecord): SandboxData => ({ ...record });

/** The journal is our own and private (mode 0600): what has the right names is taken as it is. */
export function asRecord(data: SandboxData | undefined): NamespaceRecord | undefined {
  return data && typeof data.ground === "object" ? (data as SandboxData & NamespaceRecord) : undefined;
}
