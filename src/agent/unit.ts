/** One unit: a process definition, and the agent's care that it runs when it should.
 *
 *    idle ──start, or put while enabled──▶ running ──its run ends──▶ idle, or waiting if the policy says so
 *    waiting ──the interval has passed──▶ running
 *    any ──stop──▶ idle (disabled)      any ──put of a higher revision──▶ running or idle      any ──remove──▶ gone
 *
 *  Moves that take time (put, start, stop, remove) are made one after the other. Each is recorded before it is made and after. */
import { randomBytes } from "node:crypto";
import { isYardError, YardError } from "../platform/errors.ts";
import { newId } from "../platform/ids.ts";
import { after } from "../platform/timers.ts";
import type { Process, Sandbox } from "../sandboxes/sandbox.ts";
import type { RunStatus, StopCause, UnitSpec } from "./protocol.ts";
import { hasEnded, nextStartOf } from "./restart.ts";
import type { UnitEntry, UnitRecord, UnitState } from "./unit-records.ts";

export interface Unit {
  readonly record: UnitRecord;
  /** The process of a run that is kept. @throws {YardError} not_found */
  process(runId: string | undefined): Promise<Process>;
  put(spec: UnitSpec): Promise<void>;
  start(): Promise<void>;
  stop(options: { graceMs: number; cause: StopCause; staysEnabled?: boolean }): Promise<void>;
  remove(): Promise<void>;
  /** Takes up what was recorded by an earlier agent. */
  recover(): Promise<void>;
  /** Resolves when that run (default: the present one) has ended or is not kept, the unit is gone, or `signal` is aborted. */
  ended(options: { run?: string; signal?: AbortSignal }): Promise<void>;
  /** Its timers end; what runs goes on. */
  release(): void;
}

export interface UnitParts {
  readonly record: UnitRecord;
  /** @throws {YardError} not_found */
  readonly sandbox: (id: string) => Promise<Sandbox>;
  /** Before an act. @throws {YardError} storage_full */
  readonly intend: (entry: UnitEntry) => void;
  readonly note: (entry: UnitEntry) => void;
  readonly changed: () => void;
  /** It is to be removed: its lifetime has passed. */
  readonly over: () => void;
}

export function createUnit(parts: UnitParts): Unit {
  let record = parts.record;
  const { id } = record.spec;
  let current: Process | undefined;
  let isGone = false;
  let turn: Promise<unknown> = Promise.resolve();
  const waiting = new Set<() => void>();
  let nextStart: Disposable | undefined;
  let timeout: Disposable | undefined;
  let lifetime: Disposable | undefined;

  /** One move at a time. */
  function exclusively<T>(move: () => Promise<T>): Promise<T> {
    const made = turn.then(move);
    turn = made.catch(() => {});
    return made;
  }

  function set(changes: Partial<UnitState>, save: (entry: UnitEntry) => void = parts.note): void {
    const state = { ...record.state, ...changes, version: versionAfter(record.state.version) };
    save({ type: "state", id, state });
    record = { ...record, state };
    parts.changed();
    for (const wake of [...waiting]) wake();
  }

  function changeRun(runId: string, changes: Partial<RunStatus>): readonly RunStatus[] {
    return record.state.runs.map((run) => (run.id === runId ? { ...run, ...changes } : run));
  }

  function clearTimers(): void {
    nextStart?.[Symbol.dispose]();
    timeout?.[Symbol.dispose]();
  }

  async function startRun(): Promise<void> {
    clearTimers();
    if (isGone || current) return;
    const startedAt = Date.now();
    const isSecret = Object.values(record.spec.envPerStart ?? {}).includes("secret");
    const secret = isSecret ? randomBytes(32).toString("base64url") : undefined;
    const run: RunStatus = { id: newId("run", startedAt), startedAt, secret };
    const { runs, starts } = record.state;
    set({ runs: [run, ...runs], starts: starts + 1, nextStartAt: undefined }, parts.intend);
    await execute(run);
    await forgetOldRuns();
  }

  async function execute(run: RunStatus): Promise<void> {
    const { process: spec, envPerStart = {}, sandbox } = record.spec;
    const env: Record<string, string> = { ...spec.env };
    for (const [name, kind] of Object.entries(envPerStart)) {
      env[name] = kind === "secret" ? (run.secret ?? "") : `${Math.floor(run.startedAt / 1_000)}`;
    }
    try {
      const process = await (await parts.sandbox(sandbox)).exec({ ...spec, id: run.id, env });
      follow(process, run);
    } catch (error) {
      const known = isYardError(error) ? error : new YardError("internal", `The start failed: ${String(error)}`);
      const { code, message, field } = known;
      endRun(run.id, { startError: { code, message, field } });
    }
  }

  function follow(process: Process, run: RunStatus): void {
    current = process;
    set({ runs: changeRun(run.id, { pid: process.pid }) }, inMemory); // the driver has recorded it
    const { timeoutMs } = record.spec;
    if (timeoutMs !== undefined) {
      timeout = after(run.startedAt + timeoutMs - Date.now(), () => {
        set({ runs: changeRun(run.id, { stopCause: "timeout" }) });
        void process.stop({ graceMs: 0 });
      });
    }
    void process.exited.then((exit) => {
      current = undefined;
      endRun(run.id, { exit });
    });
  }

  function endRun(runId: string, end: Pick<RunStatus, "exit" | "startError">): void {
    timeout?.[Symbol.dispose]();
    if (isGone) return;
    const now = Date.now();
    const run = record.state.runs.find((one) => one.id === runId);
    const mayStart = run && record.state.enabled && !record.once;
    const nextStartAt = mayStart ? nextStartOf(record.spec.restart, { ...run, ...end }, now) : undefined;
    const message = errorOf(end);
    set({
      runs: changeRun(runId, end),
      nextStartAt,
      ...(run && { lastEnded: { ...run, ...end } }),
      ...(message && { lastError: { at: now, message } }),
    });
    scheduleStart();
    if (record.once) removeUnclaimed();
  }

  /** Whoever asked for it takes its result and removes it. If they were cut off, they have a while to come back. */
  function removeUnclaimed(): void {
    lifetime?.[Symbol.dispose]();
    lifetime = after(unclaimedMs, parts.over);
  }

  function scheduleStart(): void {
    const { nextStartAt } = record.state;
    if (nextStartAt === undefined) return;
    nextStart?.[Symbol.dispose]();
    const begin = () =>
      exclusively(async () => {
        if (!record.state.enabled || record.state.nextStartAt === undefined) return;
        await startRun();
      }).catch((error: unknown) => retryLater(error));
    const delayMs = nextStartAt - Date.now();
    if (delayMs <= 0)
      void begin(); // a timer takes a millisecond even for no time at all
    else nextStart = after(delayMs, () => void begin());
  }

  /** The start could not even be recorded, for want of disk space. */
  function retryLater(error: unknown): void {
    const now = Date.now();
    const message = error instanceof Error ? error.message : String(error);
    set({ nextStartAt: now + 1_000, lastError: { at: now, message } });
    scheduleStart();
  }

  async function endCurrent(graceMs: number, cause: StopCause): Promise<void> {
    clearTimers();
    const [run] = record.state.runs;
    if (!current || !run || hasEnded(run)) return;
    set({ runs: changeRun(run.id, { stopCause: cause }) });
    await current.stop({ graceMs });
  }

  async function forgetOldRuns(): Promise<void> {
    const { runs } = record.state;
    const kept = runs.slice(0, record.spec.keepRuns + 1);
    if (kept.length === runs.length) return;
    await forgetRuns(runs.slice(kept.length));
    set({ runs: kept });
  }

  async function forgetRuns(runs: readonly RunStatus[]): Promise<void> {
    const sandbox = await parts.sandbox(record.spec.sandbox).catch(() => undefined); // gone with all its outputs
    for (const run of runs) await sandbox?.forget(run.id);
  }

  function beginLifetime(): void {
    lifetime?.[Symbol.dispose]();
    const { lifetimeMs } = record.spec;
    if (lifetimeMs !== undefined) lifetime = after(record.revisedAt + lifetimeMs - Date.now(), parts.over);
  }

  async function recoverRun(run: RunStatus): Promise<void> {
    const sandbox = await parts.sandbox(record.spec.sandbox).catch(() => undefined);
    const process = (await sandbox?.processes())?.find((one) => one.id === run.id);
    if (process) return follow(process, run);
    // The driver records before it starts: what it does not know was never started.
    await execute(run);
  }

  return {
    get record() {
      return record;
    },
    async process(runId) {
      const run = runId === undefined ? record.state.runs[0] : record.state.runs.find((one) => one.id === runId);
      if (!run) throw new YardError("not_found", `Unit ${record.spec.id} has no run ${runId ?? "yet"}.`);
      if (current?.id === run.id) return current;
      const sandbox = await parts.sandbox(record.spec.sandbox);
      const process = (await sandbox.processes()).find((one) => one.id === run.id);
      if (!process) throw new YardError("not_found", `The output of run ${run.id} is not there.`);
      return process;
    },
    put: (spec) =>
      exclusively(async () => {
        if (spec.revision === record.spec.revision && record.state.runs.length > 0) return;
        if (spec.revision < record.spec.revision) {
          const message = `Unit ${spec.id} has revision ${record.spec.revision} already, above ${spec.revision}.`;
          throw new YardError("conflict", message, { field: "revision" });
        }
        if (spec.revision > record.spec.revision) {
          const revised = { ...record, spec, revisedAt: Date.now() };
          const fresh = { enabled: spec.enabled, nextStartAt: undefined, lastError: undefined, lastEnded: undefined };
          parts.intend({ type: "unit", id, unit: { ...revised, state: { ...record.state, ...fresh } } });
          await endCurrent(0, "replaced");
          record = { ...revised, state: record.state };
          set(fresh);
        }
        beginLifetime();
        if (record.state.enabled) await startRun();
        else parts.changed();
      }),
    start: () =>
      exclusively(async () => {
        if (!record.state.enabled) set({ enabled: true }, parts.intend);
        await startRun();
      }),
    stop: ({ graceMs, cause, staysEnabled = false }) =>
      exclusively(async () => {
        if (!staysEnabled) set({ enabled: false, nextStartAt: undefined });
        await endCurrent(graceMs, cause);
      }),
    remove() {
      void current?.stop({ graceMs: 0 }); // also in the middle of a stop that grants more time
      return exclusively(async () => {
        isGone = true;
        clearTimers();
        lifetime?.[Symbol.dispose]();
        await forgetRuns(record.state.runs);
        for (const wake of [...waiting]) wake();
      });
    },
    recover: () =>
      exclusively(async () => {
        beginLifetime();
        const [run] = record.state.runs;
        if (run && !hasEnded(run)) await recoverRun(run);
        else if (record.once) removeUnclaimed();
        else if (record.state.nextStartAt !== undefined) scheduleStart();
        else if (record.state.enabled && (!run || run.stopCause === "shutdown")) await startRun();
      }),
    async ended({ run: runId = record.state.runs[0]?.id, signal }) {
      const isOver = () => {
        const run = record.state.runs.find((one) => one.id === runId);
        return isGone || !run || hasEnded(run);
      };
      while (!isOver() && !signal?.aborted) await nextChange(waiting, signal);
    },
    release() {
      clearTimers();
      lifetime?.[Symbol.dispose]();
    },
  };
}

const unclaimedMs = 60_000;

/** By the clock, so that it also grows over a restart that has lost the last changes, which are not all recorded. */
export function versionAfter(version: number): number {
  return Math.max(version + 1, Date.now() * 1_000);
}

/** For what is found out again after a restart. */
const inMemory = () => {};

function errorOf({ exit, startError }: Pick<RunStatus, "exit" | "startError">): string | undefined {
  if (startError) return startError.message;
  if (exit?.outOfMemory) return "It reached its memory limit, and the kernel killed it.";
  return undefined;
}

/** Resolves at the next change, or when aborted. */
function nextChange(waiting: Set<() => void>, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => {
    waiting.delete(wake);
    signal?.removeEventListener("abort", wake);
    resolve();
  };
  waiting.add(wake);
  signal?.addEventListener("abort", wake);
  return promise;
}
