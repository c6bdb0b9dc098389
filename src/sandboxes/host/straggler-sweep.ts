/** Ends what has escaped from its process group (setsid, double fork) once its process has ended.
 *
 *  A sweep reads the environment of every process of the machine (some 15 µs each), so it runs at most once a second, and only after
 *  something has ended. */
import { libc } from "../../platform/process/libc.ts";
import { listPids, readStat } from "../../platform/process/procfs.ts";
import { killStragglers, type Marked } from "../processes/marks.ts";

export interface StragglerSweep extends Disposable {
  /** Something has ended: sweep soon, or where there is no hurry within that time. */
  request(options?: { withinMs: number }): void;
  /** Sweeps now, until nothing is found. */
  run(): Promise<void>;
}

const intervalMs = 1_000;
/** One sweep may miss what a straggler forks meanwhile; a fork bomb, what it forks in ten. */
const mostRounds = 10;

export function createStragglerSweep(parts: {
  owner: string;
  isStraggler: (marked: Marked) => boolean;
  /** Whether that pid is a main process that Node will wait for. */
  isOwnChild: (pid: number) => boolean;
}): StragglerSweep {
  let timer: NodeJS.Timeout | undefined;
  let dueAt = 0;
  let lastRunAt = Number.NEGATIVE_INFINITY;

  function sweep(): number {
    clearTimeout(timer);
    timer = undefined;
    lastRunAt = performance.now();
    const killed = killStragglers(parts.owner, parts.isStraggler);
    if (process.pid === 1) reapOrphans(parts.isOwnChild);
    return killed;
  }

  function request({ withinMs = 0 }: { withinMs?: number } = {}): void {
    const now = performance.now();
    // Never at once: what ended in this moment is being cleared up already, and a burst of ends shares one sweep.
    const delayMs = Math.max(100, withinMs, lastRunAt + intervalMs - now);
    if (timer && dueAt <= now + delayMs) return;
    clearTimeout(timer);
    dueAt = now + delayMs;
    timer = setTimeout(() => {
      if (sweep() > 0) request();
    }, delayMs).unref();
  }

  return {
    request,
    async run() {
      for (let round = 0; round < mostRounds && sweep() > 0; round++) await new Promise(setImmediate);
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}

/** As the first process of a container the agent inherits all orphans, and Node waits only for its own children. */
function reapOrphans(isOwnChild: (pid: number) => boolean): void {
  for (const pid of listPids()) {
    const stat = readStat(pid);
    if (stat?.parent === process.pid && stat.state === "Z" && !isOwnChild(pid)) libc()?.wait(pid);
  }
}
