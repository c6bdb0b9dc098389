/** A process that leads a group of this machine's.
 *
 *  running ──main process exits──▶ ending ──its group is gone, its control group removed──▶ ended
 *
 *  What it started in its group does not outlive it, unless it is to be spared: the group is killed the moment the main process has exited. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Cgroup } from "../../platform/process/cgroups.ts";
import { hasLivingMember, signalGroup } from "../../platform/process/signals.ts";
import { createRunningProcess, type Ended, type LocalProcess, type RunningParts } from "./process.ts";
import type { UsageMeter } from "./usage.ts";

export interface GroupProcessParts extends Omit<RunningParts, "ended" | "send" | "usage"> {
  readonly startTicks: number;
  readonly cgroup: Cgroup | undefined;
  readonly sparesGroup: boolean | undefined;
  /** Settles when the main process has exited; both null if nobody knows how. */
  readonly mainExit: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  readonly measureUsage: UsageMeter["measure"];
}

export function createGroupProcess({ mainExit, measureUsage, ...parts }: GroupProcessParts): LocalProcess {
  const { cgroup, sparesGroup } = parts;
  const leader = { pid: parts.pid, startTicks: parts.startTicks };
  const ended = mainExit.then(async ({ code, signal }): Promise<Ended> => {
    const at = Date.now();
    if (!sparesGroup && signalGroup(leader, "SIGKILL")) await groupGone(leader);
    const outOfMemory = code !== 0 && (cgroup?.outOfMemoryKills() ?? 0) > 0;
    await cgroup?.remove();
    return { code, signal, at, outOfMemory };
  });
  return createRunningProcess({
    ...parts,
    ended,
    send: (signal) => void signalGroup(leader, signal),
    usage: (options) => measureUsage(leader, options),
  });
}

/** Killed processes need a moment to go. Dead ones that their new parent has not waited for still answer to the group's number, so after a few
 *  quick looks the members' states are read. The wait has an end: a process that hangs in the kernel may stay. */
async function groupGone(leader: { pid: number; startTicks: number }): Promise<void> {
  const deadline = performance.now() + 2_000;
  for (let pauseMs = 1; signalGroup(leader, 0) && performance.now() < deadline; pauseMs = Math.min(20, pauseMs * 2)) {
    if (pauseMs > 4 && !hasLivingMember(leader.pid)) return;
    await sleep(pauseMs);
  }
}
