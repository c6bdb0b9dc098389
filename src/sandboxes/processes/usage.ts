/** What a process and all it has started use, from /proc. */
import { createProcessTable, treeOf } from "../../platform/process/process-table.ts";
import { countOpenFiles, kernelConstants, readOwner } from "../../platform/process/procfs.ts";
import { osUserName } from "../../platform/process/users.ts";
import type { ProcessUsage } from "../sandbox.ts";
import { processTree } from "./process-tree.ts";

export interface UsageMeter {
  measure(leader: { pid: number; startTicks: number }, options?: { tree?: boolean }): ProcessUsage;
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
  const names = new Map<number, string>(); // by user id: the list of users is not read a thousand times

  function userOf(pid: number): string | undefined {
    const uid = readOwner(pid);
    if (uid === undefined) return undefined;
    const name = names.get(uid) ?? osUserName(uid);
    names.set(uid, name);
    return name;
  }

  /** Children that were waited for count in their parent, so the sum over the tree grows steadily; it falls only when a child ends unwaited. */
  function sample(pid: number, takenAt: number, cpuTicks: number): Sample {
    const before = samples.get(pid);
    if (before?.takenAt === takenAt) return before; // the same walk through /proc
    const seconds = before ? (takenAt - before.takenAt) / 1_000 : 0;
    const usedSeconds = before ? Math.max(0, cpuTicks - before.cpuTicks) / kernelConstants().ticksPerSecond : 0;
    return { takenAt, cpuTicks, cpuPercent: seconds > 0 ? (usedSeconds / seconds) * 100 : 0 };
  }

  return {
    measure({ pid, startTicks }, options = {}) {
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
      return {
        cpuPercent: now.cpuPercent,
        rssBytes,
        openFiles,
        pids: tree.map((member) => member.pid),
        user: tree.length > 0 ? userOf(pid) : undefined,
        tree: options.tree ? processTree(pid, tree) : undefined,
      };
    },
    forget: (pid) => void samples.delete(pid),
  };
}
