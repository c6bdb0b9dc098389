/** What a process and all it has started use, from /proc. */
import { createProcessTable, treeOf } from "../../platform/process/process-table.ts";
import { countOpenFiles, kernelConstants } from "../../platform/process/procfs.ts";
import type { ProcessUsage } from "../sandbox.ts";

export interface UsageMeter {
  measure(leader: { pid: number; startTicks: number }): ProcessUsage;
  forget(pid: number): void;
}

interface Sample {
  readonly takenAt: number;
  readonly cpuTicks: number;
  readonly cpuPercent: number;
}

export function createUsageMeter(): UsageMeter {
  const table = createProcessTable();
  const samples = new Map<number, Sample>(); // by the leader's pid, until it has ended

  /** Children that were waited for count in their parent, so the sum over the tree grows steadily; it falls only when a child ends unwaited. */
  function sample(pid: number, takenAt: number, cpuTicks: number): Sample {
    const before = samples.get(pid);
    if (before?.takenAt === takenAt) return before; // the same walk through /proc
    const seconds = before ? (takenAt - before.takenAt) / 1_000 : 0;
    const usedSeconds = before ? Math.max(0, cpuTicks - before.cpuTicks) / kernelConstants().ticksPerSecond : 0;
    return { takenAt, cpuTicks, cpuPercent: seconds > 0 ? (usedSeconds / seconds) * 100 : 0 };
  }

  return {
    measure({ pid, startTicks }) {
      const { takenAt, stats } = table.snapshot();
      const leader = stats.get(pid);
      const tree = leader && leader.startTicks !== startTicks ? [] : treeOf(pid, stats);
      let cpuTicks = 0;
      let rssBytes = 0;
      let openFiles = 0;
      for (const member of tree) {
        cpuTicks += member.cpuTicks;
        rssBytes += member.rssBytes;
        openFiles += countOpenFiles(member.pid);
      }
      const now = sample(pid, takenAt, cpuTicks);
      samples.set(pid, now);
      return { cpuPercent: now.cpuPercent, rssBytes, openFiles, pids: tree.map((member) => member.pid) };
    },
    forget: (pid) => void samples.delete(pid),
  };
}
