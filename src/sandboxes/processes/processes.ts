/** All processes of a driver: started here, or taken back from an earlier agent.
 *
 *  The intent to start is on disk before the process is, so that after a death in between it is found by its marks and started no second
 *  time. What ended unseen has an unknown exit. */
import { join } from "node:path";
import type { Journal } from "../../platform/journal.ts";
import type { Cgroup } from "../../platform/process/cgroups.ts";
import { bootId, isAlive, readStat } from "../../platform/process/procfs.ts";
import { createOutputFile, type OutputFile } from "../output-file.ts";
import type { OutputKeeper } from "../output-keeper.ts";
import type { Exit, Limits, ProcessSpec } from "../sandbox.ts";
import type { Child } from "./child.ts";
import { assertId } from "./ids.ts";
import type { LifeWatch } from "./life-watch.ts";
import { findMarked, type Marked } from "./marks.ts";
import { createEndedProcess, createRunningProcess, type LocalProcess } from "./process.ts";
import { keyOf, type ProcessKey, type ProcessRecord, type SandboxEntry, type SandboxState } from "./records.ts";
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
  readonly owner: string;
  readonly state: SandboxState;
  readonly journal: Journal<SandboxEntry>;
  readonly keeper: OutputKeeper;
  /** Checks the spec, and says how to start it. @throws {YardError} invalid, precondition */
  readonly prepare: (key: ProcessKey, spec: ProcessSpec) => Promise<Launch>;
  readonly groups: ProcessGroups;
  readonly lives: LifeWatch;
  readonly usage: UsageMeter;
  readonly onEnded: () => void;
}

/** Starts what was prepared, its intent being on disk. */
export type Launch = (place: { readonly output: OutputFile; readonly cgroup: Cgroup | undefined }) => Promise<Child>;

/** The control groups of processes. */
export interface ProcessGroups {
  /** Undefined: it needs none of its own. @throws {YardError} precondition, when a limit cannot be set */
  make(key: ProcessKey, limits: Limits | undefined): Cgroup | undefined;
  /** That of a process which an earlier agent has started. */
  find(record: ProcessRecord): Cgroup | undefined;
}

const defaultMaxOutputBytes = 100 * 1024 * 1024;

interface Leader {
  readonly pid: number;
  readonly startTicks: number;
}

interface Held {
  readonly process: LocalProcess;
  readonly release: () => void;
}

export function createProcesses(parts: ProcessesParts): Processes {
  const { directory, owner, state, journal, keeper, prepare, groups, lives, usage } = parts;
  const held = new Map<string, Held>();
  const starting = new Map<string, Promise<LocalProcess>>();
  const boot = bootId();
  let isReleased = false;

  const note = (entry: SandboxEntry) => {
    state.apply(entry);
    journal.note(entry);
  };

  function outputOf(key: ProcessKey, maxBytes: number): { output: OutputFile; endOutput: () => void } {
    const ended = new AbortController();
    const path = join(directory, "output", `${keyOf(key)}.log`);
    return { output: createOutputFile({ path, maxBytes, ended: ended.signal }), endOutput: () => ended.abort("ended") };
  }

  async function start(key: ProcessKey, spec: ProcessSpec): Promise<LocalProcess> {
    const launch = await prepare(key, spec);
    const cgroup = groups.make(key, spec.limits);
    const at = Date.now();
    const maxOutputBytes = spec.maxOutputBytes ?? defaultMaxOutputBytes;
    const { output, endOutput } = outputOf(key, maxOutputBytes);
    try {
      const intent: SandboxEntry = { type: "starting", ...key, at, maxOutputBytes, cgroup: cgroup?.directories };
      journal.intend(intent);
      state.apply(intent);
      const child = await launch({ output, cgroup });
      // Not yet waited for, so its entry in /proc is there even if it has ended already.
      const startTicks = readStat(child.pid)?.startTicks ?? 0;
      note({ type: "started", ...key, pid: child.pid, startTicks, boot });
      return hold(key, { at, child, startTicks, output, endOutput, cgroup });
    } catch (error) {
      output.delete();
      await cgroup?.remove();
      if (state.processes.has(keyOf(key))) note({ type: "forgotten", ...key });
      throw error;
    }
  }

  interface Running {
    at: number;
    child: Child;
    startTicks: number;
    output: OutputFile;
    endOutput: () => void;
    cgroup: Cgroup | undefined;
  }

  function hold(key: ProcessKey, { at, child, startTicks, output, endOutput, cgroup }: Running): LocalProcess {
    const process = createRunningProcess({
      id: key.process,
      pid: child.pid,
      startTicks,
      startedAt: at,
      output,
      stdin: child.stdin,
      resize: child.resize,
      cgroup,
      mainExit: child.exited,
      measureUsage: usage.measure,
      onEnded: (exit) => {
        usage.forget(child.pid);
        if (isReleased) return;
        note({ type: "ended", ...key, exit });
        keeper.end(output);
        endOutput();
        parts.onEnded();
      },
    });
    held.set(keyOf(key), { process, release: child.release });
    keeper.add(output);
    return process;
  }

  function adopt(record: ProcessRecord, leader: Leader): void {
    const { output, endOutput } = outputOf(record, record.maxOutputBytes);
    const child: Child = {
      pid: leader.pid,
      stdin: undefined,
      exited: lives.ended(leader).then(() => ({ code: null, signal: null })),
      release: () => {},
    };
    const cgroup = groups.find(record);
    hold(record, { at: record.at, child, startTicks: leader.startTicks, output, endOutput, cgroup });
  }

  function recoverEnded(record: ProcessRecord, exit: Exit): void {
    const { output, endOutput } = outputOf(record, record.maxOutputBytes);
    const { process: id, started, at: startedAt } = record;
    const process = createEndedProcess({ id, pid: started?.pid ?? 0, startedAt, output, exit });
    held.set(keyOf(record), { process, release: () => {} });
    keeper.end(output);
    endOutput();
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
    exec(sandbox, spec) {
      const key = { sandbox, process: spec.id };
      const existing = held.get(keyOf(key))?.process;
      if (existing) return Promise.resolve(existing);
      const already = starting.get(keyOf(key));
      if (already) return already;
      assertId(spec.id, "process");
      const started = start(key, spec).finally(() => starting.delete(keyOf(key)));
      starting.set(keyOf(key), started);
      return started;
    },
    of(sandbox) {
      const found: LocalProcess[] = [];
      for (const [key, { process }] of held) if (key.startsWith(`${sandbox}~`)) found.push(process);
      return found;
    },
    async forget(key) {
      await starting.get(keyOf(key))?.catch(() => {});
      const one = held.get(keyOf(key));
      if (!one) return;
      await one.process.stop({ graceMs: 0 });
      note({ type: "forgotten", ...key });
      held.delete(keyOf(key));
      keeper.remove(one.process.output);
      one.process.output.delete();
    },
    isRunning(key) {
      const one = held.get(keyOf(key));
      return one ? one.process.exit === undefined : starting.has(keyOf(key));
    },
    isLeader(pid) {
      for (const { process } of held.values()) if (process.pid === pid && !process.exit) return true;
      return false;
    },
    recover() {
      const records = [...state.processes.values()];
      const marked = records.some((record) => !record.exit && !record.started) ? findMarked(owner) : [];
      for (const record of records) {
        if (record.exit) recoverEnded(record, record.exit);
        else recoverUnended(record, marked);
      }
    },
    release() {
      isReleased = true;
      for (const { process, release } of held.values()) if (!process.exit) release();
    },
  };
}

export function hasLimits(limits: Limits | undefined): limits is Limits {
  return limits !== undefined && Object.values(limits).some((limit) => limit !== undefined);
}
