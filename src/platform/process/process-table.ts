/** All processes of the machine at one moment, and which of them belong together. */
import { type Clock, systemClock } from "../clock.ts";
import { listPids, type ProcessStat, readStat } from "./procfs.ts";

export interface ProcessTable {
  /** As it is, or was at most half a second ago: the usages asked for in one breath share one walk through /proc. */
  snapshot(): ProcessSnapshot;
}

export interface ProcessSnapshot {
  /** Monotonic, in milliseconds. */
  readonly takenAt: number;
  readonly stats: ReadonlyMap<number, ProcessStat>;
}

const maxAgeMs = 500;

export function createProcessTable(clock: Clock = systemClock): ProcessTable {
  let latest: ProcessSnapshot | undefined;
  return {
    snapshot() {
      const now = clock.monotonic();
      if (!latest || now - latest.takenAt >= maxAgeMs) latest = { takenAt: now, stats: readAll() };
      return latest;
    },
  };
}

function readAll(): ReadonlyMap<number, ProcessStat> {
  const table = new Map<number, ProcessStat>();
  for (const pid of listPids()) {
    const stat = readStat(pid);
    if (stat) table.set(pid, stat);
  }
  return table;
}

/** A session leader's whole tree: who descends from it, and who is still in its session after a parent in between has died. */
export function treeOf(leader: number, table: ReadonlyMap<number, ProcessStat>): ProcessStat[] {
  const members = new Set<number>();
  for (const stat of table.values()) if (stat.pid === leader || stat.session === leader) members.add(stat.pid);
  for (let grown = true; grown; ) {
    grown = false;
    for (const stat of table.values()) {
      if (!members.has(stat.pid) && members.has(stat.parent)) {
        members.add(stat.pid);
        grown = true;
      }
    }
  }
  return [...members].flatMap((pid) => table.get(pid) ?? []);
}
