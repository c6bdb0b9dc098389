/** Short commands beside the processes: started, waited for and forgotten. They leave no trace on disk; their marks are enough for a later
 *  agent to find and end those that this one's death has left over. */
import { openSync } from "node:fs";
import { newId } from "../../platform/ids.ts";
import { readStat } from "../../platform/process/procfs.ts";
import { signalGroup } from "../../platform/process/signals.ts";
import type { Exit, ProbeSpec, ProcessSpec } from "../sandbox.ts";
import type { Child, PrintsTo } from "./child.ts";
import type { ProcessKey } from "./records.ts";

export interface Probes extends Disposable {
  run(sandbox: string, spec: ProbeSpec, options: { timeoutMs: number; signal: AbortSignal }): Promise<Exit>;
  isRunning(key: { readonly process: string }): boolean;
  isLeader(pid: number): boolean;
}

/** Where output goes that nobody reads. */
const nowhere: PrintsTo = { output: { openForAppending: () => openSync("/dev/null", "a") } };

export function createProbes(parts: {
  /** @throws {YardError} invalid, precondition, unavailable */
  start: (key: ProcessKey, spec: ProcessSpec, logs: PrintsTo) => Promise<Child>;
  onEnded: () => void;
}): Probes {
  const running = new Map<string, { kill: () => void; pid?: number }>();

  return {
    async run(sandbox, spec, { timeoutMs, signal }) {
      const id = newId("probe", Date.now());
      running.set(id, { kill: () => {} });
      try {
        const { pid, exited } = await parts.start({ sandbox, process: id }, { ...spec, id, stdin: "none" }, nowhere);
        const leader = { pid, startTicks: readStat(pid)?.startTicks ?? 0 };
        const kill = () => void signalGroup(leader, "SIGKILL");
        running.set(id, { kill, pid });
        using _limit = setTimeout(kill, timeoutMs);
        signal.addEventListener("abort", kill);
        if (signal.aborted) kill();
        const { code, signal: by } = await exited;
        signal.removeEventListener("abort", kill);
        kill(); // what it has started does not outlive it
        return { code, signal: by, at: Date.now() };
      } finally {
        running.delete(id);
        parts.onEnded();
      }
    },
    isRunning: ({ process: id }) => running.has(id),
    isLeader(pid) {
      for (const one of running.values()) if (one.pid === pid) return true;
      return false;
    },
    [Symbol.dispose]() {
      for (const { kill } of running.values()) kill();
    },
  };
}
