/** What an engine says about a container's use of its machine, in numbers that mean something. */
import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";

export interface ContainerUsage {
  /** Of one core: two cores that are busy are 200. */
  readonly cpuPercent: number;
  /** Without the page cache. */
  readonly memoryBytes: number;
  readonly memoryLimitBytes: number;
  /** Of the limit. */
  readonly memoryPercent: number;
  /** Since the container has started, of all its networks. */
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** Since the container has started, of all its disks. */
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly processes: number;
}

const number = Type.Optional(Type.Number());
const nullable = <Kind extends Parameters<typeof Type.Optional>[0]>(kind: Kind) =>
  Type.Optional(Type.Union([kind, Type.Null()]));

const CpuReport = Type.Object({
  cpu_usage: Type.Object({ total_usage: Type.Number(), percpu_usage: nullable(Type.Array(Type.Number())) }),
  system_cpu_usage: number,
  online_cpus: number,
});

/** Of the Engine API's ContainerStatsResponse, what is read here. A container that does not run has much less of it. */
const StatsReport = Type.Object({
  cpu_stats: CpuReport,
  precpu_stats: Type.Optional(CpuReport),
  memory_stats: nullable(
    Type.Object({ usage: number, limit: number, stats: nullable(Type.Record(Type.String(), Type.Number())) }),
  ),
  networks: nullable(Type.Record(Type.String(), Type.Object({ rx_bytes: number, tx_bytes: number }))),
  blkio_stats: nullable(
    Type.Object({
      io_service_bytes_recursive: nullable(Type.Array(Type.Object({ op: Type.String(), value: Type.Number() }))),
    }),
  ),
  pids_stats: nullable(Type.Object({ current: number })),
});
export type StatsReport = Static<typeof StatsReport>;
type CpuReport = Static<typeof CpuReport>;

const stats = Compile(StatsReport);

/** @returns undefined for what is none */
export function readStats(value: unknown): StatsReport | undefined {
  return stats.Check(value) ? value : undefined;
}

/** @param before an earlier report of the same container; absent: the one that the engine has put beside it */
export function usageOf(report: StatsReport, before?: StatsReport): ContainerUsage {
  const { memory_stats: memory, networks, blkio_stats: disks, pids_stats: pids } = report;
  const memoryBytes = Math.max(0, (memory?.usage ?? 0) - pageCacheOf(memory?.stats ?? {}));
  const memoryLimitBytes = memory?.limit ?? 0;
  const links = Object.values(networks ?? {});
  const moved = disks?.io_service_bytes_recursive ?? [];
  return {
    cpuPercent: cpuPercentOf(report.cpu_stats, before?.cpu_stats ?? report.precpu_stats),
    memoryBytes,
    memoryLimitBytes,
    memoryPercent: memoryLimitBytes > 0 ? (100 * memoryBytes) / memoryLimitBytes : 0,
    receivedBytes: sum(links.map(({ rx_bytes = 0 }) => rx_bytes)),
    sentBytes: sum(links.map(({ tx_bytes = 0 }) => tx_bytes)),
    readBytes: sum(moved.filter(({ op }) => /^read$/i.test(op)).map(({ value }) => value)),
    writtenBytes: sum(moved.filter(({ op }) => /^write$/i.test(op)).map(({ value }) => value)),
    processes: pids?.current ?? 0,
  };
}

/** What the kernel gives back as soon as somebody needs it: under other names in the two versions of control groups. */
function pageCacheOf(figures: Readonly<Record<string, number>>): number {
  return figures.total_inactive_file ?? figures.inactive_file ?? 0;
}

/** Its share of what all cores have done meanwhile. 0 between two lives of a container. */
function cpuPercentOf(now: CpuReport, before: CpuReport | undefined): number {
  if (!before?.system_cpu_usage) return 0;
  const used = now.cpu_usage.total_usage - before.cpu_usage.total_usage;
  const passed = (now.system_cpu_usage ?? 0) - before.system_cpu_usage;
  const cores = now.online_cpus || now.cpu_usage.percpu_usage?.length || 1;
  return used > 0 && passed > 0 ? (used / passed) * cores * 100 : 0;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
