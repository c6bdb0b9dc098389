/** What the agent remembers of its units on disk: the entries of its journal, and the state they add up to. */
import type { RunStatus, UnitSpec, UnitStatus } from "./protocol.ts";

/** What changes while a unit lives; the definition is recorded apart from it, as it may be large. */
export interface UnitState {
  readonly version: number;
  readonly enabled: boolean;
  readonly starts: number;
  /** Newest first. */
  readonly runs: readonly RunStatus[];
  readonly lastEnded?: RunStatus;
  /** The earlier of `dueAt` and the schedule's next slot. */
  readonly nextStartAt?: number;
  /** A start that is due apart from the schedule: by the restart policy, or when the window opens. */
  readonly dueAt?: number;
  /** The slot that was fired last. Saved together with the run it started, so that no death makes it fire twice. */
  readonly lastSlot?: number;
  readonly lastError?: { readonly at: number; readonly message: string };
}

export interface UnitDefinition {
  readonly spec: UnitSpec;
  readonly createdAt: number;
  /** When this revision came: its lifetime counts from here. */
  readonly revisedAt: number;
  /** Runs once, and is removed when that run has ended. */
  readonly once: boolean;
}

export interface UnitRecord extends UnitDefinition {
  readonly state: UnitState;
}

export type UnitEntry =
  | { readonly type: "unit"; readonly id: string; readonly unit: UnitRecord }
  | { readonly type: "state"; readonly id: string; readonly state: UnitState }
  | { readonly type: "removed"; readonly id: string };

/** Applies an entry read back from the journal. The file is our own and private (mode 0600): entries of a known kind are taken as they are. */
export function applyUnitEntry(records: Map<string, UnitRecord>, value: unknown): void {
  if (typeof value !== "object" || value === null || !("type" in value)) return;
  const entry = value as UnitEntry;
  switch (entry.type) {
    case "unit":
      records.set(entry.id, entry.unit);
      break;
    case "state": {
      const record = records.get(entry.id);
      if (record) records.set(entry.id, { ...record, state: entry.state });
      break;
    }
    case "removed":
      records.delete(entry.id);
      break;
  }
}

export function statusOf({ spec, createdAt, state }: UnitRecord, health: UnitStatus["health"]): UnitStatus {
  const { id, revision, meta } = spec;
  const { dueAt: _, lastSlot: __, ...shown } = state;
  return { id, revision, meta, createdAt, ...shown, health };
}
