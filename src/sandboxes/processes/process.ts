/** One process in a sandbox of this machine, from its start (or its adoption) to its end.
 *
 *  running ──main process exits──▶ ending ──its group is gone, its control group removed──▶ ended
 *
 *  What it started in its group does not outlive it: the group is killed the moment the main process has exited. */
import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { YardError } from "../../platform/errors.ts";
import type { Cgroup } from "../../platform/process/cgroups.ts";
import { hasLivingMember, signalGroup } from "../../platform/process/signals.ts";
import type { OutputFile } from "../output-file.ts";
import { type Exit, type Process, type ProcessSignal, type ProcessUsage, processSignals } from "../sandbox.ts";
import type { UsageMeter } from "./usage.ts";

export interface LocalProcess extends Process {
  readonly output: OutputFile;
  /** Set once it has ended. */
  readonly exit: Exit | undefined;
}

export interface RunningParts {
  readonly id: string;
  readonly pid: number;
  readonly startTicks: number;
  readonly startedAt: number;
  readonly output: OutputFile;
  readonly stdin: Writable | undefined;
  readonly resize?: (size: { cols: number; rows: number }) => void;
  readonly cgroup: Cgroup | undefined;
  /** Settles when the main process has exited; both null if nobody knows how. */
  readonly mainExit: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  readonly measureUsage: UsageMeter["measure"];
  /** Everything of it is gone: record it. Called before `exited` settles. */
  readonly onEnded: (exit: Exit) => void;
}

export function createRunningProcess(parts: RunningParts): LocalProcess {
  const { id, pid, startedAt, output, stdin, cgroup } = parts;
  const leader = { pid, startTicks: parts.startTicks };
  let exit: Exit | undefined;
  const exited = parts.mainExit.then(async ({ code, signal }) => {
    const at = Date.now();
    if (signalGroup(leader, "SIGKILL")) await groupGone(leader);
    const outOfMemory = code !== 0 && (cgroup?.outOfMemoryKills() ?? 0) > 0;
    await cgroup?.remove();
    exit = outOfMemory ? { code, signal, at, outOfMemory } : { code, signal, at };
    parts.onEnded(exit);
    return exit;
  });
  return {
    id,
    pid,
    startedAt,
    output,
    stdin,
    hasTerminal: parts.resize !== undefined,
    exited,
    get exit() {
      return exit;
    },
    async signal(signal) {
      assertSignal(signal);
      if (!exit) signalGroup(leader, signal);
    },
    async stop({ graceMs }) {
      if (!exit && graceMs > 0) {
        signalGroup(leader, "SIGTERM");
        signalGroup(leader, "SIGCONT"); // one that is stopped could not hear it
        await Promise.race([exited, sleep(graceMs, undefined, { ref: false })]);
      }
      if (!exit) signalGroup(leader, "SIGKILL");
      return exited;
    },
    async resize(size) {
      if (!parts.resize) throw noTerminal(id);
      if (!exit) parts.resize(size);
    },
    usage: async (options) => (exit ? noUsage : parts.measureUsage(leader, options)),
  };
}

/** One that has ended before this agent was there, or whose end it has missed. */
export function createEndedProcess(parts: {
  id: string;
  pid: number;
  startedAt: number;
  output: OutputFile;
  exit: Exit;
}): LocalProcess {
  const exited = Promise.resolve(parts.exit);
  return {
    ...parts,
    stdin: undefined,
    hasTerminal: false,
    exited,
    signal: async (signal) => assertSignal(signal),
    stop: () => exited,
    resize: async () => {
      throw noTerminal(parts.id);
    },
    usage: async () => noUsage,
  };
}

const noUsage: ProcessUsage = { cpuPercent: 0, rssBytes: 0, openFiles: 0, pids: [] };

function assertSignal(signal: ProcessSignal): void {
  if (!processSignals.includes(signal)) {
    const message = `${JSON.stringify(signal)} cannot be sent: choose one of ${processSignals.join(", ")}.`;
    throw new YardError("invalid", message, { field: "signal" });
  }
}

function noTerminal(id: string): YardError {
  return new YardError("precondition", `Process ${id} has no terminal: start it with one to set its size.`);
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
