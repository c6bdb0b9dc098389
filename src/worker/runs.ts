/** The tasks that a registered worker holds, each on its way from fetch to commit. */
import { type DropReason, TaskDropped } from "./end.ts";
import type { FetchedTask } from "./wire.ts";

export interface Runs {
  /** Slots that are free. A run that has left its slot needs none any more, but there is room for no more than as many of those. */
  readonly room: number;
  uuids(): readonly string[];
  /** Whether one that has run for so long is not among them. */
  hasOlderThan(ageMs: number, known: readonly string[]): boolean;
  start(task: FetchedTask): void;
  drop(uuid: string, reason: DropReason): void;
  dropAll(reason: DropReason): void;
  /** Resolves when a run has ended or left its slot, or `signal` is aborted. */
  changed(signal: AbortSignal): Promise<void>;
  /** Resolves when there is none. */
  ended(): Promise<void>;
}

interface Run {
  readonly uuid: string;
  readonly startedAt: number;
  readonly controller: AbortController;
}

/** @param carryOut never rejects; it may leave its slot to another before it ends */
export function createRuns(
  slots: number,
  carryOut: (task: FetchedTask, signal: AbortSignal, leaveSlot: () => void) => Promise<void>,
): Runs {
  const runs = new Set<Run>();
  const inSlots = new Set<Run>();
  let waiting = Promise.withResolvers<void>();

  function leaveSlot(run: Run): void {
    inSlots.delete(run);
    waiting.resolve();
    waiting = Promise.withResolvers();
  }

  return {
    get room() {
      return Math.min(slots - inSlots.size, 2 * slots - runs.size);
    },
    uuids: () => [...runs].map(({ uuid }) => uuid),
    hasOlderThan(ageMs, known) {
      const before = performance.now() - ageMs;
      for (const { uuid, startedAt } of runs) if (startedAt < before && !known.includes(uuid)) return true;
      return false;
    },
    start(task) {
      const run: Run = { uuid: task.uuid, startedAt: performance.now(), controller: new AbortController() };
      runs.add(run);
      inSlots.add(run);
      void carryOut(task, run.controller.signal, () => leaveSlot(run)).finally(() => {
        runs.delete(run);
        leaveSlot(run);
      });
    },
    drop(uuid, reason) {
      for (const run of runs) if (run.uuid === uuid) run.controller.abort(new TaskDropped(reason));
    },
    dropAll(reason) {
      for (const { controller } of runs) controller.abort(new TaskDropped(reason));
    },
    async changed(signal) {
      const aborted = Promise.withResolvers<void>();
      const wake = (): void => aborted.resolve();
      signal.addEventListener("abort", wake, { once: true });
      if (!signal.aborted) await Promise.race([waiting.promise, aborted.promise]);
      signal.removeEventListener("abort", wake);
    },
    async ended() {
      while (runs.size > 0) await waiting.promise;
    },
  };
}
