/** What the driver remembers of a sandbox on disk, beside its processes. */
import type { SandboxData } from "../processes/records.ts";
import type { Limits, NetworkMode } from "../sandbox.ts";
import type { DiskStamp } from "./disk-stamp.ts";
import type { MachineShape } from "./emulator-arguments.ts";
import type { MachinePlace } from "./machine.ts";
import type { Keys } from "./ssh.ts";
import type { SavedMemory, System } from "./store.ts";

export interface MicrovmRecord {
  readonly limits: Limits;
  readonly network: NetworkMode;
  readonly shape: MachineShape;
  readonly system: System;
  /** Of its disk, the lowest first. The last is its own. */
  readonly layers: readonly string[];
  readonly diskBytes: number;
  /** What its file system had given out when it was made. */
  readonly usedBefore?: number;
  readonly uid: number;
  readonly keys: Keys;
  /** CPU time of its earlier machines, in microseconds. */
  readonly cpuUsBefore: number;
  /** It runs there, or did. */
  readonly place?: MachinePlace;
  /** Where it runs, or will once it has begun: written before. */
  readonly cgroup?: readonly string[];
  /** Its place in the network. */
  readonly slot?: number;
  /** It runs, and has not yet been told what it must know: who it is, or that it was away. */
  readonly isComing?: "born" | "resumed" | undefined;
  /** Name of the point that its disk goes back to, should the machine that is being restored from `memory` not come to itself. Without `memory` it is of no use any more. */
  readonly undoPoint?: string | undefined;
  /** It is paused. */
  readonly memory?: SavedMemory & { readonly disk: DiskStamp };
}

export const asData = (record: MicrovmRecord): SandboxData => ({ ...record });

/** The journal is our own and private (mode 0600): what has the right names is taken as it is. */
export function asRecord(data: SandboxData | undefined): MicrovmRecord | undefined {
  return data && Array.isArray(data.layers) ? (data as SandboxData & MicrovmRecord) : undefined;
}
