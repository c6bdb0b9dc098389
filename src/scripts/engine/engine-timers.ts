/** The timers of one execution: which is due next. The waiting is done outside the engine. */

export interface EngineTimers {
  set(id: number, delayMs: number, held: boolean): void;
  clear(id: number): void;
  /** The id of one that is due, which is thereby taken out; those of one moment in the order in which they were set. */
  takeDue(nowMs: number): number | undefined;
  /** When the next one is due, in the time of `performance.now()`. */
  nextAt(): number | undefined;
  /** Whether any of them keeps the execution going. */
  isHeld(): boolean;
}

export function createEngineTimers(): EngineTimers {
  const timers = new Map<number, { readonly at: number; readonly held: boolean }>();
  let held = 0;

  function remove(id: number): void {
    const timer = timers.get(id);
    if (timer?.held) held--;
    timers.delete(id);
  }

  function earliest(): { id: number; at: number } | undefined {
    let found: { id: number; at: number } | undefined;
    for (const [id, { at }] of timers) if (found === undefined || at < found.at) found = { id, at };
    return found;
  }

  return {
    set(id, delayMs, isHeld) {
      remove(id);
      if (isHeld) held++;
      timers.set(id, { at: performance.now() + delayMs, held: isHeld });
    },
    clear: remove,
    takeDue(nowMs) {
      const next = earliest();
      if (next === undefined || next.at > nowMs) return undefined;
      remove(next.id);
      return next.id;
    },
    nextAt: () => earliest()?.at,
    isHeld: () => held > 0,
  };
}
