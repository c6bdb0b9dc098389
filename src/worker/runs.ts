/** The tasks that a registered worker holds, each on its way from fetch to commit. */
import { type DropReason, TaskDropped } from "./end.ts";
import type { FetchedTask } from "./wire.ts";

export interface Runs {
  readonly size: number;
  uuids(): readonly string[];
  /** Whether one that has run for so long is not among them. */
  hasOlderThan(ageMs: number, known: readonly string[]): boolean;
  start(task: FetchedTask): void;
  drop(uuid: string, reason: DropReason): void;
  dropAll(reason: DropReason): void;
  /** Resolves when the number of runs has become smaller, or `signal` is aborted. */
  changed(signal: AbortSignal): Promise<void>;
  /** Resolves when there is none. */
  ended(): Promise<void>;
}

interface Run {
  readonly uuid: string;
  readonly startedAt: number;
  readonly controller: AbortController;
}

/** @param carryOut never rejects */
export function createRuns(carryOut: (task: FetchedTask, signal: AbortSignal) => Promise<void>): Runs {
  const runs = new Set<Run>();
  let waiting = Promise.withResolvers<void>();

  function end(run: Run): void {
    runs.delete(run);
    waiting.resolve();
    waiting = Promise.withResolvers();
  }

  return {
    get size() {
      return runs.size;
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
      void carryOut(task, run.controller.signal).finally(() => end(run));
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
