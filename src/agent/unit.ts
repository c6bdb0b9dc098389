/** One unit: a process definition, and the agent's care that it runs when it should.
 *
 *    idle ──start, put while enabled, a slot, a start that is due──▶ running ──its run ends──▶ idle, or waiting if its rules say so
 *    any ──stop──▶ idle (disabled)      any ──put of a higher revision──▶ running or idle      any ──remove──▶ gone
 *
 *  Moves that take time (put, start, stop, remove, and what the clock asks for) are made one after the other. Each is recorded before it
 *  is made and after. */
import { YardError } from "../platform/errors.ts";
import type { ContainerPrograms } from "../sandboxes/container/programs.ts";
import type { LocalSandbox, Process } from "../sandboxes/sandbox.ts";
import type { Alarms } from "./alarms.ts";
import { createClockwork } from "./clockwork.ts";
import { createHealthChecks } from "./health-checks.ts";
import type { HealthCheck, StopCause, UnitSpec, UnitStatus } from "./protocol.ts";
import { hasEnded, resumes } from "./restart.ts";
import type { Time } from "./time.ts";
import { createUnitCell, inMemory } from "./unit-cell.ts";
import { statusOf, type UnitEntry, type UnitRecord } from "./unit-records.ts";
import { createUnitRuns, environmentOf } from "./unit-runs.ts";

export interface Unit {
  readonly record: UnitRecord;
  readonly status: UnitStatus;
  /** The process of a run that is kept. @throws {YardError} not_found */
  process(runId: string | undefined): Promise<Process>;
  /** @throws {YardError} conflict (there is a later revision), storage_full */
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
  readonly time: Time;
  readonly alarms: Alarms;
  /** @throws {YardError} not_found */
  readonly sandbox: (id: string) => Promise<LocalSandbox>;
  readonly containers: ContainerPrograms;
  /** Before an act. @throws {YardError} storage_full */
  readonly intend: (entry: UnitEntry) => void;
  readonly note: (entry: UnitEntry) => void;
  readonly changed: () => void;
  /** It is to be removed: its lifetime has passed. */
  readonly over: () => void;
}

/** Whoever asked for a run takes its result and removes it. If they were cut off, they have so long to come back. */
const unclaimedMs = 60_000;

export function createUnit(parts: UnitParts): Unit {
  const { time, intend, sandbox } = parts;
  const { id } = parts.record.spec;
  const cell = createUnitCell(parts);
  let isBegun = false;
  let isGone = false;
  let turn: Promise<unknown> = Promise.resolve();
  let lifetime: Disposable | undefined;

  /** One move at a time. */
  function exclusively<T>(move: () => Promise<T>): Promise<T> {
    const made = turn.then(move);
    turn = made.catch(() => {});
    return made;
  }

  const health = createHealthChecks({
    time,
    check: () => cell.record.spec.healthCheck,
    probe,
    changed: () => cell.set({}, inMemory),
  });
  const runs = createUnitRuns({
    cell,
    time,
    sandbox,
    containers: parts.containers,
    intend,
    planAfter: (run) => clock.planAfter(run),
    onEnded: () => {
      if (cell.record.once) awaitClaim();
      clock.arrange();
    },
  });
  const clock = createClockwork({ cell, runs, health, alarms: parts.alarms, time, exclusively });

  async function probe({ argv, timeoutMs }: HealthCheck, signal: AbortSignal): Promise<boolean> {
    const { spec, state } = cell.record;
    const { cwd, user } = spec.process;
    const env = environmentOf(spec, state.runs[0]);
    try {
      const where = spec.container ? (state.runs[0]?.id ?? "") : spec.sandbox;
      const exit = await (await sandbox(where)).probe({ argv, cwd, user, env }, { timeoutMs, signal });
      return exit.code === 0;
    } catch {
      return false; // it could not even be asked
    }
  }

  function limitLifetime(delayMs: number | undefined): void {
    lifetime?.[Symbol.dispose]();
    lifetime = delayMs === undefined ? undefined : time.after(delayMs, parts.over);
  }

  function beginLifetime(): void {
    const { spec, revisedAt } = cell.record;
    limitLifetime(spec.lifetimeMs === undefined ? undefined : revisedAt + spec.lifetimeMs - time.now());
  }

  const awaitClaim = () => limitLifetime(unclaimedMs);

  async function begin(): Promise<void> {
    const { schedule, startsAtOnce } = cell.record.spec;
    clock.wind({ clockJumped: false });
    if (!schedule || startsAtOnce) await clock.startWhenOpen();
    clock.arrange();
  }

  /** Records the new definition, then ends what runs by the old one. */
  async function revise(spec: UnitSpec): Promise<void> {
    const revised = { ...cell.record, spec, revisedAt: time.now() };
    const fresh = {
      enabled: spec.enabled,
      nextStartAt: undefined,
      dueAt: undefined,
      lastSlot: undefined,
      lastError: undefined,
      lastEnded: undefined,
    };
    intend({ type: "unit", id, unit: { ...revised, state: { ...cell.record.state, ...fresh } } });
    clock.rest();
    await runs.endAll({ graceMs: 0, cause: "replaced" });
    cell.define(revised);
    cell.set(fresh);
    isBegun = false;
  }

  return {
    get record() {
      return cell.record;
    },
    get status() {
      return statusOf(cell.record, health.health);
    },
    process: runs.process,
    put: (spec) =>
      exclusively(async () => {
        const { revision } = cell.record.spec;
        if (spec.revision === revision && isBegun) return;
        if (spec.revision < revision) {
          const message = `Unit ${id} has revision ${revision} already, above ${spec.revision}.`;
          throw new YardError("conflict", message, { field: "revision" });
        }
        const { version } = cell.record.state;
        if (spec.revision > revision) await revise(spec);
        beginLifetime();
        if (cell.record.state.enabled) await begin();
        isBegun = true;
        if (cell.record.state.version === version) cell.announce();
      }),
    start: () =>
      exclusively(async () => {
        const isScheduled = cell.record.spec.schedule !== undefined;
        if (cell.record.state.enabled && isScheduled) return; // its slots start it
        if (!cell.record.state.enabled) cell.set({ enabled: true }, intend);
        await begin();
      }),
    stop: ({ graceMs, cause, staysEnabled = false }) =>
      exclusively(async () => {
        clock.rest();
        if (!staysEnabled) cell.set({ enabled: false, nextStartAt: undefined, dueAt: undefined });
        await runs.endAll({ graceMs, cause });
      }),
    remove() {
      runs.killAll();
      return exclusively(async () => {
        isGone = true;
        clock.rest();
        lifetime?.[Symbol.dispose]();
        await runs.forgetAll();
        cell.wake();
      });
    },
    recover: () =>
      exclusively(async () => {
        isBegun = true;
        beginLifetime();
        await runs.recover();
        const { spec, state, once } = cell.record;
        if (once && !runs.anyLives) awaitClaim();
        if (once || !state.enabled) return;
        clock.wind({ clockJumped: true });
        const [run] = state.runs;
        const wasNeverStarted = !run && (!spec.schedule || spec.startsAtOnce);
        const wasShutDown = run?.stopCause === "shutdown" && hasEnded(run) && resumes(spec);
        if (state.dueAt === undefined && (wasNeverStarted || wasShutDown)) await clock.startWhenOpen();
        clock.arrange();
      }),
    async ended({ run: runId = cell.record.state.runs[0]?.id, signal }) {
      const isOver = () => {
        const run = cell.record.state.runs.find((one) => one.id === runId);
        return isGone || !run || hasEnded(run);
      };
      while (!isOver() && !signal?.aborted) await cell.nextChange(signal);
    },
    release() {
      clock.rest();
      runs.release();
      lifetime?.[Symbol.dispose]();
    },
  };
}
