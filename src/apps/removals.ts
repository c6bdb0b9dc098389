/** Removes apps whose end asks for it, when their time has come. Nothing of it is stored: the end of the run is in the unit, and each control
 *  plane that sees the unit comes to the same time. */
import type { Clock } from "../platform/clock.ts";
import { after } from "../platform/timers.ts";
import { removalDueAt } from "./exit-rules.ts";
import type { MirroredUnit, OnUnitChange } from "./mirror.ts";
import type { DefinedMeta } from "./unit-spec.ts";

export interface Removals extends Disposable {
  readonly observe: OnUnitChange;
}

/** @param remove deletes the app, if it is still of that unit's revision and enabled */
export function createRemovals(
  clock: Clock,
  remove: (unit: MirroredUnit & { readonly meta: DefinedMeta }) => void,
): Removals {
  const timers = new Map<string, Disposable>();

  function forget(unitId: string): void {
    timers.get(unitId)?.[Symbol.dispose]();
    timers.delete(unitId);
  }

  function plan({ unit, meta }: MirroredUnit): void {
    if (meta.kind !== "defined") return;
    if (!unit.enabled) forget(unit.id);
    // The first end that asks for it counts: an app that its schedule starts again meanwhile is removed all the same.
    if (timers.has(unit.id)) return;
    const dueAt = removalDueAt(meta, unit);
    if (dueAt === undefined) return;
    const act = () => {
      timers.delete(unit.id);
      remove({ unit, meta });
    };
    timers.set(unit.id, after(dueAt - clock.now(), act));
  }

  return {
    observe({ before, after: now }) {
      if (now) plan(now);
      else if (before) forget(before.unit.id);
    },
    [Symbol.dispose]() {
      for (const timer of timers.values()) timer[Symbol.dispose]();
      timers.clear();
    },
  };
}
