/** What the machines of hosts use, all together. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../platform/clock.ts";

/** What a host's agent tells of its machine. */
export interface MachineReport {
  readonly cpuProcessors: number;
  /** Of the last minute, five and fifteen. */
  readonly load: readonly [number, number, number];
  /** Since the machine has started; older agents do not tell. */
  readonly cpuTimes?: { readonly busyMs: number; readonly totalMs: number };
  readonly uptimeSeconds?: number;
  readonly memoryTotalBytes: number;
  readonly memoryFreeBytes: number;
  readonly disks: readonly { readonly mountPoint: string; readonly totalBytes: number; readonly usedBytes: number }[];
}

export interface MachineUse {
  /** Of all cores: 100 is all of them. */
  readonly cpuPercent: number;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly memoryTotalBytes: number;
  /** The one that holds the root; undefined where none is seen. */
  readonly disk: MachineReport["disks"][number] | undefined;
  readonly uptimeSeconds: number | undefined;
}

export interface Machines {
  /** @throws what `report` throws */
  use(hostId: string): Promise<MachineUse>;
}

type CpuTimes = NonNullable<MachineReport["cpuTimes"]>;

/** Between two looks that CPU use is the difference of: shorter, and chance decides; longer, and it is of yesterday. */
const [leastMs, mostMs] = [200, 60_000];

export function createMachines({
  report,
  clock,
}: {
  report(hostId: string): Promise<MachineReport>;
  clock: Clock;
}): Machines {
  const last = new Map<string, { readonly times: CpuTimes; readonly at: number }>();

  /** Those of a look that is neither too new nor too old, so that whoever asks every few seconds waits for nothing. */
  async function earlierTimes(hostId: string): Promise<CpuTimes | undefined> {
    const known = last.get(hostId);
    const age = clock.monotonic() - (known?.at ?? Number.NEGATIVE_INFINITY);
    if (known && age >= leastMs && age <= mostMs) return known.times;
    const { cpuTimes } = await report(hostId);
    if (cpuTimes) await sleep(leastMs);
    return cpuTimes;
  }

  return {
    async use(hostId) {
      const earlier = await earlierTimes(hostId);
      const now = await report(hostId);
      if (now.cpuTimes) last.set(hostId, { times: now.cpuTimes, at: clock.monotonic() });
      const { cpuProcessors: cores, memoryTotalBytes, memoryFreeBytes, disks, uptimeSeconds } = now;
      return {
        ...{ cores, memoryTotalBytes, memoryBytes: memoryTotalBytes - memoryFreeBytes, uptimeSeconds },
        cpuPercent:
          earlier && now.cpuTimes ? shareOf(earlier, now.cpuTimes) : Math.min(100, (100 * now.load[0]) / cores),
        disk:
          disks.find(({ mountPoint }) => mountPoint === "/") ??
          disks.toSorted((a, b) => b.totalBytes - a.totalBytes)[0],
      };
    },
  };
}

function shareOf(before: CpuTimes, now: CpuTimes): number {
  const total = now.totalMs - before.totalMs;
  return total > 0 ? Math.min(100, Math.max(0, (100 * (now.busyMs - before.busyMs)) / total)) : 0;
}
