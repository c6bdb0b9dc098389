/** What machines use, in Dockmesh's words. */
import { type Static, Type } from "typebox";
import type { MachineUse } from "../../containers/metrics/machines.ts";
import { hostColumns } from "./fan-out.ts";

const Percent = Type.Number({ minimum: 0, maximum: 100 });

export const SystemMetrics = Type.Object({
  cpu_percent: Percent,
  cpu_cores: Type.Integer(),
  cpu_used_cores: Type.Number(),
  mem_percent: Percent,
  mem_total: Type.Integer(),
  mem_used: Type.Integer(),
  disk_percent: Percent,
  disk_total: Type.Integer(),
  disk_used: Type.Integer(),
  disk_path: Type.String({ description: "Empty: no disk is seen" }),
  uptime_seconds: Type.Integer(),
  docker_limited: Type.Boolean({ description: "Whether the engine may use less than its machine has" }),
  host_cpu_percent: Percent,
  host_cpu_cores: Type.Integer(),
  host_cpu_used_cores: Type.Number(),
  host_mem_percent: Percent,
  host_mem_total: Type.Integer(),
  host_mem_used: Type.Integer(),
  ...hostColumns,
});

/** Without its host. */
export function machineToWire(use: MachineUse): Omit<Static<typeof SystemMetrics>, keyof typeof hostColumns> {
  const { cpuPercent: cpu_percent, cores: cpu_cores, memoryTotalBytes: mem_total, memoryBytes: mem_used, disk } = use;
  const cpu_used_cores = (cpu_percent * cpu_cores) / 100;
  const mem_percent = percentOf(mem_used, mem_total);
  return {
    ...{ cpu_percent, cpu_cores, cpu_used_cores, mem_percent, mem_total, mem_used },
    disk_percent: percentOf(disk?.usedBytes ?? 0, disk?.totalBytes ?? 0),
    ...{ disk_total: disk?.totalBytes ?? 0, disk_used: disk?.usedBytes ?? 0, disk_path: disk?.mountPoint ?? "" },
    ...{ uptime_seconds: use.uptimeSeconds ?? 0, docker_limited: false },
    ...{ host_cpu_percent: cpu_percent, host_cpu_cores: cpu_cores, host_cpu_used_cores: cpu_used_cores },
    ...{ host_mem_percent: mem_percent, host_mem_total: mem_total, host_mem_used: mem_used },
  };
}

export function percentOf(part: number, whole: number): number {
  return whole > 0 ? Math.min(100, (100 * part) / whole) : 0;
}
