/** What is known of one unit: a record of which each change is saved, announced, and wakes those who wait for it. */
import type { RunStatus } from "./protocol.ts";
import type { UnitDefinition, UnitEntry, UnitRecord, UnitState } from "./unit-records.ts";

export interface UnitCell {
  readonly record: UnitRecord;
  /** @param save how: `intend`, `note` (default), or `inMemory` for what is found out again after a restart */
  set(changes: Partial<UnitState>, save?: (entry: UnitEntry) => void): void;
  /** Another definition, which was saved before; the state stays. */
  define(definition: UnitDefinition): void;
  /** The runs, with changes to one of them. */
  withRun(runId: string, changes: Partial<RunStatus>): readonly RunStatus[];
  announce(): void;
  /** Wakes those who wait, without a change. */
  wake(): void;
  /** Resolves at the next change, or when aborted. */
  nextChange(signal: AbortSignal | undefined): Promise<void>;
}

export function createUnitCell(parts: {
  record: UnitRecord;
  note: (entry: UnitEntry) => void;
  changed: () => void;
}): UnitCell {
  let record = parts.record;
  const waiting = new Set<() => void>();

  function wake(): void {
    for (const go of [...waiting]) go();
  }

  function announce(): void {
    parts.changed();
    wake();
  }

  return {
    get record() {
      return record;
    },
    set(changes, save = parts.note) {
      const state = { ...record.state, ...changes, version: versionAfter(record.state.version) };
      save({ type: "state", id: record.spec.id, state });
      record = { ...record, state };
      announce();
    },
    define(definition) {
      record = { ...definition, state: record.state };
    },
    withRun: (runId, changes) => record.state.runs.map((run) => (run.id === runId ? { ...run, ...changes } : run)),
    announce,
    wake,
    nextChange(signal) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const go = () => {
        waiting.delete(go);
        signal?.removeEventListener("abort", go);
        resolve();
      };
      waiting.add(go);
      signal?.addEventListener("abort", go);
      return promise;
    },
  };
}

/** For what is found out again after a restart. */
export const inMemory = () => {};

/** By the clock, so that it also grows over a restart that has lost the last changes, which are not all recorded. */
export function versionAfter(version: number): number {
  return Math.max(version + 1, Date.now() * 1_000);
}
