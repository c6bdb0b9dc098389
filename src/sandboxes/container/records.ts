/** What the driver remembers of a sandbox on disk, beside its processes. Its container is found by its name. */

import type { SandboxData } from "../processes/records.ts";
import type { NetworkMode } from "../sandbox.ts";

export interface ContainerRecord {
  /** Of its image, as NAME=value. */
  readonly env: readonly string[];
  readonly network: NetworkMode;
}

export const asData = (record: ContainerRecord): SandboxData => ({ ...record });

/** The journal is our own and private (mode 0600): what has the right names is taken as it is. */
export function asRecord(data: SandboxData | undefined): ContainerRecord | undefined {
  return data && Array.isArray(data.env) ? (data as SandboxData & ContainerRecord) : undefined;
}
