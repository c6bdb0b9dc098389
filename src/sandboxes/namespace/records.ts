/** What the driver remembers of a sandbox on disk, beside its processes. */
import type { GroupPlaces } from "../../platform/process/cgroup-tree.ts";
import type { SandboxData } from "../processes/records.ts";
import type { Init } from "./init.ts";
import type { Layer } from "./templates.ts";

export interface NamespaceRecord {
  readonly layers: readonly Layer[];
  readonly rootId: number;
  readonly isPaused: boolean;
  /** Absent until it has started. */
  readonly started?: {
    readonly init: Init;
    readonly boot: string;
    readonly groups: GroupPlaces;
  };
}

export const asData = (record: NamespaceRecord): SandboxData => ({ ...record });

/** The journal is our own and private (mode 0600): what has the right names is taken as it is. */
export function asRecord(data: SandboxData | undefined): NamespaceRecord | undefined {
  return data && Array.isArray(data.layers) ? (data as SandboxData & NamespaceRecord) : undefined;
}
