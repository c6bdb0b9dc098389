/** Starts and ends a unit's runs by the clock: at the slots of its schedule, when a start is due, and where its window opens and closes.
 *
 *  At rest it does nothing. Wound, it has one alarm, for the earliest moment at which something may be due; when that rings it reads the clock,
 *  does what is due, and sets the next. Every change of the unit that may move that moment sets it anew. */
import type { Alarms, Ring } from "./alarms.ts";
import type { HealthChecks } from "./health-checks.ts";
import type { RunStatus } from "./protocol.ts";
import { leastIntervalAfterStartErrorMs, longestWaitMs, nextStartOf } from "./restart.ts";
import { slotToCome } from "./schedule.ts";
import type { Time } from "./time.ts";
import { inMemory, type UnitCell } from "./unit-cell.ts";
import type { UnitState } from "./unit-records.ts";
import type { UnitRuns } from "./unit-runs.ts";
import { closesAt, isOpen, opensAt } from "./window.ts";

export interface Clockwork {
  /** From now on. @param clockJumped also: the agent was away meanwhile */
  wind(how: Ring): void;
  /** Starts it, unless it runs; if its window is closed, when that opens. @throws {YardError} storage_full */
  startWhenOpen(): Promise<void>;
  /** Something has changed: shows the next start, and sets the alarm for what comes first. */
  arrange(): void;
  /** What the end of the newest run means for the next start. */
  planAfter(run: RunStatus): Partial<UnitState>;
  rest(): void;
}

export interface ClockworkParts {
  readonly cell: UnitCell;
  readonly runs: UnitRuns;
  readonly health: HealthChecks;
  readonly alarms: Alarms;
  readonly time: Time;
  /** One move of the unit at a time. */
  readonly exclusively: (move: () => Promise<void>) => Promise<void>;
}

/** A slot that was passed over so shortly before, by a restart of the agent or a corrected clock, is not missed yet. */
const justMissedMs = 1_000;

export function createClockwork(parts: ClockworkParts): Clockwork {
  const { cell, runs, health, alarms, time } = parts;
  let alarm: Disposable | undefined;
  let slot: number | undefined;
  let isWound = false;

  function wind({ clockJumped }: Ring): void {
    isWound = true;
    const now = time.now();
    const { spec, state } = cell.record;
    slot = slotToCome(spec, { from: clockJumped ? now - justMissedMs : now, last: state.lastSlot });
    const { dueAt } = state;
    if (!clockJumped || dueAt === undefined) return;
    const due = isOpen(spec.window, now)
      ? Math.min(dueAt, now + longestWaitMs(spec.restart))
      : opensAt(spec.window, now);
    if (due !== dueAt) cell.set({ dueAt: due });
  }

  async function startWhenOpen(): Promise<void> {
    if (runs.currentLives) return;
    const now = time.now();
    const dueAt = opensAt(cell.record.spec.window, now);
    if (dueAt === undefined) return;
    if (dueAt <= now) await runs.start({ dueAt: undefined, nextStartAt: slot });
    else cell.set({ dueAt });
  }

  function arrange(): void {
    alarm?.[Symbol.dispose]();
    if (!isWound) return;
    const { spec, state } = cell.record;
    const nextStartAt = earliest(state.dueAt, slot);
    if (nextStartAt !== state.nextStartAt) cell.set({ nextStartAt }, inMemory);
    const now = time.now();
    const mayRun = isOpen(spec.window, now);
    if (mayRun) health.begin();
    else health.rest();
    const wakeAt = earliest(nextStartAt, windowMoves(now, mayRun));
    if (wakeAt === undefined) return;
    if (wakeAt > now) alarm = alarms.set(wakeAt, look);
    else look({ clockJumped: false }); // a timer takes a millisecond even for no time at all
  }

  /** When the window has something to end or to begin: a run, or health checks. */
  function windowMoves(now: number, mayRun: boolean): number | undefined {
    const { window, healthCheck } = cell.record.spec;
    if (runs.anyLives) return mayRun ? closesAt(window, now) : now;
    if (!healthCheck) return undefined;
    return (mayRun ? closesAt : opensAt)(window, now);
  }

  function look(how: Ring): void {
    const move = async () => {
      if (!isWound) return;
      if (how.clockJumped) wind(how);
      await actBy(time.now());
      arrange();
    };
    parts.exclusively(move).catch(retryLater);
  }

  async function actBy(now: number): Promise<void> {
    const { dueAt } = cell.record.state;
    if (!isOpen(cell.record.spec.window, now)) await leaveWindow(now);
    else if (slot !== undefined && slot <= now) await fire(slot, now);
    else if (dueAt !== undefined && dueAt <= now) await startDue();
  }

  async function leaveWindow(now: number): Promise<void> {
    const { spec, state } = cell.record;
    slot = slotToCome(spec, { from: now, last: state.lastSlot });
    if (runs.anyLives) {
      const message = "The time in which it may run is over: it was killed.";
      cell.set({ lastError: { at: now, message } });
      await runs.endAll({ graceMs: 0, cause: "window" });
    } else if (state.dueAt !== undefined && state.dueAt <= now) cell.set({ dueAt: opensAt(spec.window, now) });
  }

  async function fire(at: number, now: number): Promise<void> {
    slot = slotToCome(cell.record.spec, { from: now + 1, last: at }); // of several that are late, one
    await runs.makeWay();
    await runs.start({ lastSlot: at, dueAt: undefined, nextStartAt: slot });
  }

  async function startDue(): Promise<void> {
    if (runs.currentLives) cell.set({ dueAt: undefined });
    else await runs.start({ dueAt: undefined, nextStartAt: slot });
  }

  /** The start could not even be recorded, for want of disk space. */
  function retryLater(error: unknown): void {
    const now = time.now();
    const message = error instanceof Error ? error.message : String(error);
    const dueAt = opensAt(cell.record.spec.window, now + leastIntervalAfterStartErrorMs);
    cell.set({ dueAt, lastError: { at: now, message } });
    arrange();
  }

  return {
    wind,
    startWhenOpen,
    arrange,
    planAfter(run) {
      const { spec, state, once } = cell.record;
      const dueAt = state.enabled && !once ? nextStartOf(spec, run, time.now()) : undefined;
      return { dueAt, nextStartAt: earliest(dueAt, slot) };
    },
    rest() {
      isWound = false;
      slot = undefined;
      alarm?.[Symbol.dispose]();
      health.rest();
    },
  };
}

function earliest(...times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
}
