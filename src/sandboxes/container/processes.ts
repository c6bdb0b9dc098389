/** All processes of the driver's containers: started here, or taken back from an earlier agent.
 *
 *  The intent to start is on disk before the process is. What a process leaves inside is named by its id and that record's time, so an agent that died in between
 *  finds it; without such traces it was never started. */

import { createExpiry } from "../processes/expiry.ts";
import { createLogs, type Logs } from "../processes/logs.ts";
import { marksFor } from "../processes/marks.ts";
import type { Records } from "../processes/open-records.ts";
import { createEndedProcess, createRunningProcess, type LocalProcess } from "../processes/process.ts";
import { defaultMaxOutputBytes, requireStreams } from "../processes/processes.ts";
import { keyOf, type ProcessKey, type ProcessRecord } from "../processes/records.ts";
import { createStarts } from "../processes/starts.ts";
import type { ProcessSpec } from "../sandbox.ts";
import type { Attendants } from "./attendant.ts";
import { type Launched, launch } from "./launch.ts";
import { collectOutput } from "./output.ts";
import type { StartProcess } from "./process-start.ts";
import type { UsageMeter } from "./usage.ts";

/** What the processes of a sandbox need of it. */
export interface Surroundings {
  readonly startProcess: StartProcess;
  /** Of its image. */
  readonly env: readonly string[];
  readonly attendants: Attendants;
  readonly usage: UsageMeter;
  /** Nothing runs in it any more. */
  readonly isGone: () => Promise<boolean>;
}

export interface ContainerProcesses {
  exec(sandbox: string, spec: ProcessSpec): Promise<LocalProcess>;
  of(sandbox: string): readonly LocalProcess[];
  forget(key: ProcessKey): Promise<void>;
  /** The container stands still or is gone, and with it all that ran there: nobody need be asked. */
  endAll(sandbox: string): Promise<void>;
  /** Takes back what the journal knows of. @param sandbox of that one alone */
  recover(sandbox?: string): void;
  /** Lets go of all of them: nothing is recorded any more. */
  release(): void;
}

interface Held {
  readonly process: LocalProcess;
  /** Gives the process up: its end will not be known. */
  readonly abandon: () => void;
}

const mostDone = 64;
/** The boot of a container's process is told by its traces, which lie in memory. */
const noBoot = { startTicks: 0, boot: "" };

export function createContainerProcesses(parts: {
  readonly records: Records;
  readonly directory: string;
  /** @throws {YardError} not_found */
  readonly surroundingsOf: (sandbox: string) => Surroundings;
}): ContainerProcesses {
  const { records, directory, surroundingsOf } = parts;
  const { owner, state, note, keeper } = records;
  const held = new Map<string, Held>();
  const starts = createStarts({ find: (key) => held.get(keyOf(key))?.process, start });
  const expiry = createExpiry(forget);
  const done = new Map<string, string[]>(); // by sandbox: traces that can go
  let isReleased = false;

  async function start(key: ProcessKey, spec: ProcessSpec): Promise<LocalProcess> {
    requireStreams(spec);
    const { startProcess, env } = surroundingsOf(key.sandbox);
    const { meta, forgetAfterMs, maxOutputBytes = defaultMaxOutputBytes } = spec;
    const streams = spec.streams === "separate" ? spec.streams : undefined;
    const record: ProcessRecord = { ...key, at: Date.now(), maxOutputBytes, streams, meta, forgetAfterMs };
    const logs = createLogs(directory, key, record);
    try {
      records.intend({ type: "starting", ...record });
      const marks = marksFor(owner, key.sandbox, key.process);
      const isRoot = spec.user === undefined; // another user cannot remove root's
      const gone = isRoot ? (done.get(key.sandbox)?.splice(0) ?? []) : [];
      const launched = await launch(startProcess, spec, { env, marks, traces: tracesOf(record), done: gone });
      note({ type: "started", ...key, pid: launched.pid, ...noBoot });
      return hold(record, logs, launched, spec.terminal !== undefined);
    } catch (error) {
      logs.deleteWith(keeper);
      if (state.processes.has(keyOf(key))) note({ type: "forgotten", ...key });
      throw error;
    }
  }

  function hold(record: ProcessRecord, logs: Logs, launched: Launched | undefined, isTerminal: boolean): LocalProcess {
    const { sandbox, process: id, at: startedAt, meta, started } = record;
    const { attendants, usage, isGone } = surroundingsOf(sandbox);
    const { exec, nonce = "" } = launched ?? {};
    const pid = launched?.pid ?? started?.pid ?? 0;
    const given = new AbortController();
    const common = { traces: tracesOf(record), attendants, isGone, signal: given.signal };
    const outputs = [
      collectOutput(
        { ...common, log: logs.output, name: "out" },
        launched && { stream: launched.output.rest(), nonce },
      ),
    ];
    if (logs.errors) {
      outputs.push(collectOutput({ ...common, log: logs.errors, name: "err" }, exec && { stream: exec.errors, nonce }));
    } else exec?.errors.resume();
    const abandoned = new Promise<undefined>((resolve) => {
      given.signal.addEventListener("abort", () => resolve(undefined));
    });
    const ended = Promise.race([abandoned, Promise.all(outputs).then(([ending]) => ending)]);
    const process = createRunningProcess({
      id,
      pid,
      startedAt,
      logs,
      meta,
      stdin: launched?.stdin,
      resize: isTerminal ? exec?.resize : undefined,
      ended: ended.finally(() => exec?.release()).then((ending) => ending ?? { code: null, signal: null }),
      async send(signal) {
        const args = [signal.slice("SIG".length), `${pid}`, isTerminal ? "terminal" : "group"];
        await attendants.ask({ operation: "send", args }, async () => {});
      },
      usage: (options) => usage.measure(pid, options),
      onEnded(exit) {
        usage.forget(pid);
        if (isReleased) return;
        note({ type: "ended", sandbox, process: id, exit });
        const traces = done.get(sandbox) ?? [];
        done.set(sandbox, [...traces, tracesOf(record)].slice(-mostDone));
        logs.endWith(keeper);
        expiry.count(record, exit);
      },
    });
    held.set(keyOf(record), { process, abandon: () => given.abort() });
    logs.keepWith(keeper);
    return process;
  }

  async function forget(key: ProcessKey): Promise<void> {
    await starts.settled(key);
    const one = held.get(keyOf(key));
    if (!one) return;
    if (!one.process.exit) await one.process.stop({ graceMs: 0 });
    expiry.cancel(key);
    note({ type: "forgotten", sandbox: key.sandbox, process: key.process });
    held.delete(keyOf(key));
    one.process.logs.deleteWith(keeper);
  }

  function recover(record: ProcessRecord): void {
    const logs = createLogs(directory, record, record);
    const { process: id, started, at: startedAt, meta, exit } = record;
    if (!exit) {
      hold(record, logs, undefined, false);
      return;
    }
    const pid = started?.pid ?? 0;
    const process = createEndedProcess({ id, pid, startedAt, logs, meta, exit });
    held.set(keyOf(record), { process, abandon: () => {} });
    logs.endWith(keeper);
    expiry.count(record, exit);
  }

  const of = (sandbox: string) => [...held].filter(([key]) => key.startsWith(`${sandbox}~`)).map(([, one]) => one);

  return {
    exec: starts.exec,
    of: (sandbox) => of(sandbox).map(({ process }) => process),
    forget,
    async endAll(sandbox) {
      done.delete(sandbox);
      for (const { process, abandon } of of(sandbox)) {
        abandon();
        await process.exited;
      }
    },
    recover(sandbox) {
      for (const record of [...state.processes.values()])
        if (sandbox === undefined || record.sandbox === sandbox) recover(record);
    },
    release() {
      isReleased = true;
      expiry[Symbol.dispose]();
      for (const { abandon } of held.values()) abandon();
    },
  };
}

/** Of the directory that a process leaves inside. */
const tracesOf = ({ process, at }: ProcessRecord) => `${process}.${at}`;
