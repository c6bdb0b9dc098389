/** What containers and their processes use. */
import type Docker from "dockerode";
import type { Engine } from "../../platform/docker/engine.ts";
import { YardError } from "../../platform/errors.ts";
import { treeOf } from "../../platform/process/process-table.ts";
import { kernelConstants, type ProcessStat, parseStat } from "../../platform/process/procfs.ts";
import { noUsage } from "../processes/process.ts";
import { processTree } from "../processes/process-tree.ts";
import type { ProcessUsage, SandboxUsage } from "../sandbox.ts";
import type { Attendants } from "./attendant.ts";

export interface UsageMeter {
  measure(pid: number, options: { tree?: boolean } | undefined): Promise<ProcessUsage>;
  forget(pid: number): void;
}

const mostListBytes = 4 * 1024 * 1024;

/** Of the processes of one container, as it numbers them. */
export function createUsageMeter(attendants: Attendants): UsageMeter {
  const samples = new Map<number, { readonly takenAt: number; readonly cpuTicks: number }>();
  return {
    async measure(pid, options = {}) {
      const { stats, openFiles } = await attendants.ask(
        { operation: "processes", args: [] },
        async ({ nonce, reader }) => {
          const text = await reader.until(`${nonce}.\n`, { mostBytes: mostListBytes });
          return parseProcesses(text?.toString() ?? "");
        },
      );
      const takenAt = performance.now();
      const tree = treeOf(pid, stats);
      if (tree.length === 0) return noUsage;
      const sum = (count: (member: ProcessStat) => number) => tree.reduce((total, member) => total + count(member), 0);
      const cpuTicks = sum((member) => member.cpuTicks);
      const before = samples.get(pid);
      samples.set(pid, { takenAt, cpuTicks });
      const seconds = before ? (takenAt - before.takenAt) / 1_000 : 0;
      const used = before ? Math.max(0, cpuTicks - before.cpuTicks) / kernelConstants().ticksPerSecond : 0;
      return {
        cpuPercent: seconds > 0 ? (used / seconds) * 100 : 0,
        rssBytes: sum((member) => member.rssBytes),
        openFiles: sum((member) => openFiles.get(member.pid) ?? 0),
        pids: tree.map((member) => member.pid),
        tree: options.tree ? processTree(pid, tree) : undefined,
      };
    },
    forget: (pid) => void samples.delete(pid),
  };
}

function parseProcesses(text: string) {
  const stats = new Map<number, ProcessStat>();
  const openFiles = new Map<number, number>();
  for (const line of text.split("\n")) {
    const [, files, pid, stat] = /^(\d+) ((\d+) .*)$/.exec(line) ? (/^(\d+) (\d+) (.*)$/.exec(line) ?? []) : [];
    if (pid === undefined || stat === undefined) continue;
    stats.set(Number(pid), parseStat(Number(pid), `${pid} ${stat}`));
    openFiles.set(Number(pid), Number(files));
  }
  return { stats, openFiles };
}

/** As much of the engine's figures as is read. */
interface Stats {
  readonly cpu_stats?: { readonly cpu_usage?: { readonly total_usage?: number } };
  readonly memory_stats?: { readonly usage?: number; readonly stats?: Readonly<Record<string, number>> };
  readonly pids_stats?: { readonly current?: number };
}

export type Figures = Omit<SandboxUsage, "diskBytes">;

/** @param parts.attendants absent while nothing runs there: the engine's own figures are up to a second late, and as long in coming */
export async function measureContainer(parts: {
  engine: Engine;
  container: string;
  attendants: Attendants | undefined;
}): Promise<SandboxUsage> {
  const { engine, container, attendants } = parts;
  const fromEngine = () => figuresOfEngine(engine, container);
  const figures = attendants ? figuresInside(attendants).catch(fromEngine) : fromEngine();
  const files = engine.call("measure the sandbox", (docker, abortSignal) => {
    const options = { size: true, abortSignal };
    return docker.getContainer(container).inspect(options) as Promise<
      Docker.ContainerInspectInfo & { SizeRw?: number }
    >;
  });
  const [measured, { SizeRw: diskBytes = 0 }] = await Promise.all([figures, files]);
  return { ...measured, diskBytes };
}

async function figuresOfEngine(engine: Engine, container: string): Promise<Figures> {
  const { memory_stats, cpu_stats, pids_stats } = await engine.call(
    "measure the sandbox",
    (docker, abortSignal): Promise<Stats> => {
      const options = { stream: false, "one-shot": true, abortSignal } as const;
      return docker.getContainer(container).stats(options);
    },
  );
  const { usage = 0, stats = {} } = memory_stats ?? {};
  return {
    cpuUs: Math.round((cpu_stats?.cpu_usage?.total_usage ?? 0) / 1_000),
    memoryBytes: withoutCached(usage, new Map(Object.entries(stats))),
    processes: pids_stats?.current ?? 0,
  };
}

/** Of control groups of version 1 or 2, by the names that their files and entries have. */
export async function figuresInside(attendants: Attendants): Promise<Figures> {
  const text = await attendants.ask({ operation: "figures", args: [] }, ({ nonce, reader }) =>
    reader.until(`${nonce}.\n`, { mostBytes: mostListBytes }),
  );
  const lines = (text?.toString() ?? "").split("\n").map((line): [string, number] => {
    const [name = "", value] = line.split(" ");
    return [name, Number(value)];
  });
  const figures = new Map(lines);
  const cpuUs = figures.get("usage_usec") ?? Math.round((figures.get("cpuacct.usage") ?? Number.NaN) / 1_000);
  const memory = figures.get("memory.current") ?? figures.get("memory.usage_in_bytes");
  const processes = figures.get("pids.current");
  if (Number.isNaN(cpuUs) || memory === undefined || processes === undefined) {
    throw new YardError("unavailable", "The sandbox does not see its control groups.");
  }
  return { cpuUs, memoryBytes: withoutCached(memory, figures), processes };
}

function withoutCached(bytes: number, of: ReadonlyMap<string, number>): number {
  const cached = (kind: string) => of.get(`total_${kind}`) ?? of.get(kind) ?? 0;
  return Math.max(0, bytes - cached("inactive_file") - cached("active_file"));
}
