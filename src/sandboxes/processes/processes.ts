/** All processes of a driver: started here, or taken back from an earlier agent.
 *
 *  The intent to start is on disk before the process is, so that after a death in between it is found by its marks and started no second
 *  time. What ended unseen has an unknown exit. */
import { YardError } from "../../platform/errors.ts";
import type { Cgroup } from "../../platform/process/cgroups.ts";
import { bootId, isAlive, readStat } from "../../platform/process/procfs.ts";
import type { Exit, Limits, ProcessSpec } from "../sandbox.ts";
import type { Child } from "./child.ts";
import { createExpiry } from "./expiry.ts";
import { createGroupProcess } from "./group-process.ts";
import type { LifeWatch } from "./life-watch.ts";
import { createLogs, type LogFiles, type Logs } from "./logs.ts";
import { findMarked, type Marked } from "./marks.ts";
import type { Records } from "./open-records.ts";
import { createEndedProcess, type LocalProcess } from "./process.ts";
import { keyOf, type ProcessKey, type ProcessRecord } from "./records.ts";
import { createStarts } from "./starts.ts";
import type { UsageMeter } from "./usage.ts";

export interface Processes {
  exec(sandbox: string, spec: ProcessSpec): Promise<LocalProcess>;
  of(sandbox: string): readonly LocalProcess[];
  forget(key: ProcessKey): Promise<void>;
  /** Whether it is starting or running, so that what carries its marks belongs. */
  isRunning(key: ProcessKey): boolean;
  /** Whether that pid is the main process of one that runs. */
  isLeader(pid: number): boolean;
  /** Takes back what the journal knows of. */
  recover(): void;
  /** Lets go of all of them: nothing is recorded any more. */
  release(): void;
}

export interface ProcessesParts {
  readonly directory: string;
  readonly records: Records;
  /** Checks the spec, and says how to start it. @throws {YardError} invalid, precondition */
  readonly prepare: (key: ProcessKey, spec: ProcessSpec) => Promise<Launch>;
  readonly groups: ProcessGroups;
  readonly lives: LifeWatch;
  readonly usage: UsageMeter;
  /** Of a process that lives, or was not waited for yet. */
  readonly numberInside?: (pid: number) => number | undefined;
  readonly onEnded: () => void;
}

/** Starts what was prepared, its intent being on disk. */
export type Launch = (place: { readonly logs: LogFiles; readonly cgroup: Cgroup | undefined }) => Promise<Child>;

/** The control groups of processes. */
export interface ProcessGroups {
  /** Undefined: it needs none of its own. @throws {YardError} precondition, when a limit cannot be set */
  make(key: ProcessKey, limits: Limits | undefined): Cgroup | undefined;
  /** That of a process which an earlier agent has started. */
  find(record: ProcessRecord): Cgroup | undefined;
}

export const defaultMaxOutputBytes = 100 * 1024 * 1024;
/** Between two looks at whether a log can go. */
const stillWrittenMs = 10_000;

interface Leader {
  readonly pid: number;
  readonly pidInside?: number;
  readonly startTicks: number;
}

interface Held {
  readonly process: LocalProcess;
  readonly sparesGroup: boolean | undefined;
  readonly release: () => void;
}

export function createProcesses(parts: ProcessesParts): Processes {
  const { directory, records, prepare, groups, lives, usage } = parts;
  const { owner, state, note, keeper } = records;
  const held = new Map<string, Held>();
  const starts = createStarts({ find: (key) => held.get(keyOf(key))?.process, start });
  const boot = bootId();
  const expiry = createExpiry(forget);
  /** Forgotten by whoever asked for it, but for their logs. */
  const waiting = new Set<string>();
  let isReleased = false;

  async function start(key: ProcessKey, spec: ProcessSpec): Promise<LocalProcess> {
    requireStreams(spec);
    const launch = await prepare(key, spec);
    const cgroup = groups.make(key, spec.limits);
    const { meta, forgetAfterMs, sparesGroup, maxOutputBytes = defaultMaxOutputBytes } = spec;
    const streams = spec.streams === "separate" ? spec.streams : undefined;
    const settings = { maxOutputBytes, streams, meta, forgetAfterMs, sparesGroup };
    const record: ProcessRecord = { ...key, at: Date.now(), ...settings, cgroup: cgroup?.directories };
    const logs = createLogs(directory, key, record);
    try {
      records.intend({ type: "starting", ...record });
      const child = await launch({ logs, cgroup });
      // Not yet waited for, so its entry in /proc is there even if it has ended already.
      const { pid } = child;
      const startTicks = readStat(pid)?.startTicks ?? 0;
      const pidInside = parts.numberInside?.(pid);
      note({ type: "started", ...key, pid, pidInside, startTicks, boot });
      const process = hold(record, { child, pidInside, startTicks, logs, cgroup });
      await child.independent; // once it is told to be started, it goes on also if the agent is killed
      return process;
    } catch (error) {
      logs.deleteWith(keeper);
      await cgroup?.remove();
      if (state.processes.has(keyOf(key))) note({ type: "forgotten", ...key });
      throw error;
    }
  }

  interface Running {
    child: Child;
    pidInside: number | undefined;
    startTicks: number;
    logs: Logs;
    cgroup: Cgroup | undefined;
  }

  function hold(record: ProcessRecord, { child, pidInside, startTicks, logs, cgroup }: Running): LocalProcess {
    const { sandbox, process: id, at: startedAt, meta } = record;
    const process = createGroupProcess({
      id,
      pid: child.pid,
      pidInside,
      startTicks,
      startedAt,
      logs,
      meta,
      stdin: child.stdin,
      resize: child.resize,
      cgroup,
      sparesGroup: record.sparesGroup,
      mainExit: child.exited,
      measureUsage: usage.measure,
      onEnded: (exit) => {
        usage.forget(child.pid);
        if (isReleased) return;
        note({ type: "ended", sandbox, process: id, exit });
        logs.endWith(keeper);
        expiry.count(record, exit);
        parts.onEnded();
      },
    });
    held.set(keyOf(record), { process, sparesGroup: record.sparesGroup, release: child.release });
    logs.keepWith(keeper);
    return process;
  }

  function adopt(record: ProcessRecord, leader: Leader): void {
    const child: Child = {
      pid: leader.pid,
      stdin: undefined,
      exited: lives.ended(leader).then(() => ({ code: null, signal: null })),
      release: () => {},
    };
    const logs = createLogs(directory, record, record);
    const { startTicks, pidInside = parts.numberInside?.(leader.pid) } = leader;
    hold(record, { child, pidInside, startTicks, logs, cgroup: groups.find(record) });
  }

  async function forget(key: ProcessKey): Promise<void> {
    await starts.settled(key);
    const one = held.get(keyOf(key));
    if (!one) return;
    await one.process.stop({ graceMs: 0 });
    expiry.cancel(key);
    if (one.sparesGroup && one.process.logs.areWritten()) {
      // A deleted file would grow unseen, as long as what was spared prints: kept within its bound, it waits until nobody has it open.
      waiting.add(keyOf(key));
      expiry.inMs(key, stillWrittenMs);
      return;
    }
    waiting.delete(keyOf(key));
    note({ type: "forgotten", sandbox: key.sandbox, process: key.process });
    held.delete(keyOf(key));
    one.process.logs.deleteWith(keeper);
  }

  function recoverEnded(record: ProcessRecord, exit: Exit): void {
    const logs = createLogs(directory, record, record);
    const { process: id, started, at: startedAt, meta } = record;
    const process = createEndedProcess({
      id,
      pid: started?.pid ?? 0,
      pidInside: started?.pidInside,
      startedAt,
      logs,
      meta,
      exit,
    });
    held.set(keyOf(record), { process, sparesGroup: record.sparesGroup, release: () => {} });
    logs.endWith(keeper);
    expiry.count(record, exit);
  }

  /** What has its number and start time, or, if it was not recorded as started, its marks. */
  function findLiving(record: ProcessRecord, marked: readonly Marked[]): Leader | undefined {
    const { started } = record;
    if (!started) return marked.find((one) => one.isGroupLeader && keyOf(one) === keyOf(record));
    return started.boot === boot && isAlive(started.pid, started.startTicks) ? started : undefined;
  }

  function recoverUnended(record: ProcessRecord, marked: readonly Marked[]): void {
    const { sandbox, process } = record;
    const leader = findLiving(record, marked);
    if (leader) {
      const { pid, startTicks } = leader;
      if (!record.started) note({ type: "started", sandbox, process, pid, startTicks, boot });
      adopt(record, leader);
      return;
    }
    const exit: Exit = { code: null, signal: null, at: Date.now() };
    note({ type: "ended", sandbox, process, exit });
    recoverEnded(record, exit);
    void groups.find(record)?.remove();
  }

  return {
    exec: starts.exec,
    of(sandbox) {
      const found: LocalProcess[] = [];
      for (const [key, { process }] of held) {
        if (key.startsWith(`${sandbox}~`) && !waiting.has(key)) found.push(process);
      }
      return found;
    },
    forget,
    isRunning(key) {
      const one = held.get(keyOf(key));
      return one ? one.process.exit === undefined : starts.isUnderWay(key);
    },
    isLeader(pid) {
      for (const { process } of held.values()) if (process.pid === pid && !process.exit) return true;
      return false;
    },
    recover() {
      const known = [...state.processes.values()];
      const marked = known.some((record) => !record.exit && !record.started) ? findMarked(owner) : [];
      for (const record of known) {
        if (record.exit) recoverEnded(record, record.exit);
        else recoverUnended(record, marked);
      }
    },
    release() {
      isReleased = true;
      expiry[Symbol.dispose]();
      for (const { process, release } of held.values()) if (!process.exit) release();
    },
  };
}

/** @throws {YardError} invalid */
export function requireStreams({ streams, terminal }: ProcessSpec): void {
  if (streams !== "separate" || !terminal) return;
  throw new YardError("invalid", "A terminal shows standard output and error as one.", { field: "streams" });
}

export function hasLimits(limits: Limits | undefined): limits is Limits {
  return limits !== undefined && Object.values(limits).some((limit) => limit !== undefined);
}
