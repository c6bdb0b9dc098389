/** The state of the host's units that are apps, kept here so that a list of a thousand apps asks nobody. Fed by the agent's events;
 *  what a call has just answered is taken in at once, so that a caller sees its own change. */
import type { UnitEvent, UnitStatus } from "../agent/protocol.ts";
import { metaOf, type TemporaryMeta, type UnitMeta } from "./unit-spec.ts";

export interface MirroredUnit {
  readonly unit: UnitStatus;
  readonly meta: UnitMeta;
}

export interface MirroredTemporary {
  readonly unit: UnitStatus;
  readonly meta: TemporaryMeta;
}

export function isTemporary(mirrored: MirroredUnit): mirrored is MirroredTemporary {
  return mirrored.meta.kind === "temporary";
}

/** `before` is undefined for a unit that was not known, `after` for one that is gone. */
export type OnUnitChange = (change: { before: MirroredUnit | undefined; after: MirroredUnit | undefined }) => void;

export interface Mirror {
  receive(event: UnitEvent): void;
  /** Takes in what a call answered. */
  learn(unit: UnitStatus): void;
  /** The unit is gone for certain, whatever events on their way say. */
  forget(unitId: string): void;
  get(unitId: string): MirroredUnit | undefined;
  /** By the app's name. */
  named(name: string): MirroredUnit | undefined;
  temporary(name: string): MirroredTemporary | undefined;
  all(): IterableIterator<MirroredUnit>;
}

/** Removed units whose late news are ignored. Events are late by milliseconds, so the newest few suffice. */
const mostTombstones = 1_000;

export function createMirror(onChange: OnUnitChange): Mirror {
  const units = new Map<string, MirroredUnit>();
  const idByName = new Map<string, string>();
  const tombstones = new Set<string>();

  function take(unit: UnitStatus): void {
    const meta = metaOf(unit);
    if (!meta || tombstones.has(unit.id)) return;
    const before = units.get(unit.id);
    if (before && unit.version <= before.unit.version) return; // an event and an answer may overtake one another
    const after = { unit, meta };
    units.set(unit.id, after);
    idByName.set(meta.name, unit.id);
    onChange({ before, after });
  }

  function drop(unitId: string): void {
    tombstones.add(unitId);
    if (tombstones.size > mostTombstones) tombstones.delete(tombstones.values().next().value!);
    const before = units.get(unitId);
    if (!before) return;
    units.delete(unitId);
    if (idByName.get(before.meta.name) === unitId) idByName.delete(before.meta.name);
    onChange({ before, after: undefined });
  }

  function named(name: string): MirroredUnit | undefined {
    const id = idByName.get(name);
    return id === undefined ? undefined : units.get(id);
  }

  return {
    receive(event) {
      if (event.type === "unit") take(event.unit);
      else if (event.type === "removed") drop(event.id);
    },
    learn: take,
    forget: drop,
    get: (unitId) => units.get(unitId),
    named,
    temporary(name) {
      const found = named(name);
      return found && isTemporary(found) ? found : undefined;
    },
    all: () => units.values(),
  };
}
