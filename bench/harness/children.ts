/** The processes that a benchmark starts: each is stopped by its owner, and whatever is left over when the benchmark ends,
 *  however it ends, is killed by its id. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { isRunning, pidsNaming } from "./processes.ts";

export interface Child extends AsyncDisposable {
  readonly pid: number;
  readonly process: ChildProcess;
  /** Sends the signal, after `graceMs` SIGKILL; resolves when the process is gone. */
  stop(signal: NodeJS.Signals, graceMs: number): Promise<void>;
}

export interface Children {
  /** Starts a program in a process group of its own, so that Ctrl-C reaches the benchmark first. */
  start(file: string, args: readonly string[], options?: SpawnOptions): Child;
  /** For the very end: kills those that still run. */
  killAll(): void;
}

export function createChildren(): Children {
  const running = new Set<ChildProcess>();
  return {
    start(file, args, options = {}) {
      const child = spawn(file, args, { ...options, detached: true });
      child.once("error", () => {}); // a failed start: known below by the missing id
      const { pid } = child;
      if (pid === undefined) throw new Error(`cannot start ${file}: is it installed?`);
      running.add(child);
      child.once("exit", () => running.delete(child));
      const stop = async (signal: NodeJS.Signals, graceMs: number): Promise<void> => {
        if (!running.has(child)) return;
        const exited = once(child, "exit");
        using _forced = setTimeout(() => child.kill("SIGKILL"), graceMs);
        child.kill(signal);
        await exited;
      };
      return { pid, process: child, stop, [Symbol.asyncDispose]: () => stop("SIGTERM", 5_000) };
    },
    killAll() {
      for (const child of running) child.kill("SIGKILL");
    },
  };
}

/** Daemons are nobody's children: they are known by the benchmark's own directory, which has a name that no other process
 *  can have among its arguments or variables. Waits for them to end by themselves, at most `graceMs`, then kills them. */
export async function endDaemons(directory: string, graceMs: number): Promise<void> {
  const deadline = performance.now() + graceMs;
  while (pidsNaming(directory).length > 0 && performance.now() < deadline) await delay(50);
  killDaemons(directory);
}

export function killDaemons(directory: string): void {
  for (const pid of pidsNaming(directory)) if (isRunning(pid)) process.kill(pid, "SIGKILL");
}
