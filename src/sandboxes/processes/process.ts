/** One process of a sandbox on this host, as the sandbox gives it out: from its start, or its adoption, to its end. */
import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { YardError } from "../../platform/errors.ts";
import {
  type Exit,
  type Process,
  type ProcessMeta,
  type ProcessSignal,
  type ProcessUsage,
  processSignals,
} from "../sandbox.ts";
import type { Logs } from "./logs.ts";

export interface LocalProcess extends Process {
  readonly logs: Logs;
  /** Set once it has ended. */
  readonly exit: Exit | undefined;
}

/** What is known of it from its start on. */
export interface ProcessFacts {
  readonly id: string;
  readonly pid: number;
  readonly pidInside?: number;
  readonly startedAt: number;
  readonly logs: Logs;
  readonly meta: ProcessMeta | undefined;
}

export interface RunningParts extends ProcessFacts {
  readonly stdin: Writable | undefined;
  /** Absent: it has no terminal. */
  readonly resize?: (size: { cols: number; rows: number }) => void | Promise<void>;
  /** Settles once all that was in its group is gone. */
  readonly ended: Promise<Ended>;
  /** To its group. */
  readonly send: (signal: ProcessSignal) => void | Promise<void>;
  readonly usage: (options: { tree?: boolean } | undefined) => ProcessUsage | Promise<ProcessUsage>;
  /** Record it. Called before `exited` settles. */
  readonly onEnded: (exit: Exit) => void;
}

export interface Ended extends Pick<Exit, "code" | "signal"> {
  /** If that was seen before the rest of its group was gone. */
  readonly at?: number;
  readonly outOfMemory?: boolean;
}

export function createRunningProcess(parts: RunningParts): LocalProcess {
  const { id, pid, pidInside, startedAt, logs, meta, stdin, send } = parts;
  let exit: Exit | undefined;
  const exited = parts.ended.then(({ code, signal, at = Date.now(), outOfMemory }) => {
    exit = outOfMemory ? { code, signal, at, outOfMemory } : { code, signal, at };
    parts.onEnded(exit);
    return exit;
  });
  return {
    id,
    pid,
    pidInside,
    startedAt,
    logs,
    output: logs.output,
    errors: logs.errors,
    meta,
    stdin,
    hasTerminal: parts.resize !== undefined,
    exited,
    get exit() {
      return exit;
    },
    async signal(signal) {
      assertSignal(signal);
      if (!exit) await send(signal);
    },
    async stop({ graceMs }) {
      if (!exit && graceMs > 0) {
        await send("SIGTERM");
        await send("SIGCONT"); // one that is stopped could not hear it
        await Promise.race([exited, sleep(graceMs, undefined, { ref: false })]);
      }
      if (!exit) await send("SIGKILL");
      return exited;
    },
    async resize(size) {
      if (!parts.resize) throw noTerminal(id);
      if (!exit) await parts.resize(size);
    },
    usage: async (options) => (exit ? noUsage : parts.usage(options)),
  };
}

/** One that has ended before this agent was there, or whose end it has missed. */
export function createEndedProcess(parts: ProcessFacts & { readonly exit: Exit }): LocalProcess {
  const exited = Promise.resolve(parts.exit);
  return {
    ...parts,
    output: parts.logs.output,
    errors: parts.logs.errors,
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

export const noUsage: ProcessUsage = { cpuPercent: 0, rssBytes: 0, openFiles: 0, pids: [] };

/** @throws {YardError} invalid */
function assertSignal(signal: ProcessSignal): void {
  if (!processSignals.includes(signal)) {
    const message = `${JSON.stringify(signal)} cannot be sent: choose one of ${processSignals.join(", ")}.`;
    throw new YardError("invalid", message, { field: "signal" });
  }
}

function noTerminal(id: string): YardError {
  return new YardError("precondition", `Process ${id} has no terminal: start it with one to set its size.`);
}
