/** Alarms by the wall clock, which, unlike timers, may be set at any moment.
 *
 *  A timer waits for each alarm. One look per second for all of them tells whether the wall clock has moved against the monotonic one: if it
 *  was set, or the machine slept, every alarm rings, and whoever set it looks at the new time and sets it anew. */
import type { Time } from "./time.ts";

export interface Ring {
  /** The clock was set: what is past now was perhaps never reached, what is to come was perhaps there before. */
  readonly clockJumped: boolean;
}

export interface Alarms extends Disposable {
  /** Rings once, when the wall clock shows `at` (milliseconds) or has been set; not after it was disposed of. */
  set(at: number, ring: (how: Ring) => void): Disposable;
}

const lookMs = 1_000;
/** The two clocks are read one after the other and rounded; and a step so small is no reason to plan anew. */
const toleranceMs = 100;

interface Alarm {
  readonly at: number;
  readonly ring: (how: Ring) => void;
  timer?: Disposable;
}

export function createAlarms(time: Time): Alarms {
  const waiting = new Set<Alarm>();
  let offset = 0;
  let looking: Disposable | undefined;

  const currentOffset = () => time.now() - time.monotonic();

  function look(): void {
    looking = time.after(lookMs, look);
    ringIfJumped();
    if (waiting.size === 0) stopLooking();
  }

  function stopLooking(): void {
    looking?.[Symbol.dispose]();
    looking = undefined;
  }

  function ringIfJumped(): boolean {
    const now = currentOffset();
    if (Math.abs(now - offset) < toleranceMs) return false;
    offset = now;
    for (const alarm of [...waiting]) end(alarm, { clockJumped: true });
    return true;
  }

  function wait(alarm: Alarm): void {
    alarm.timer = time.after(Math.max(0, alarm.at - time.now()), () => {
      if (ringIfJumped()) return; // this one among all
      if (time.now() >= alarm.at) end(alarm, { clockJumped: false });
      else wait(alarm); // timers round down
    });
  }

  function end(alarm: Alarm, how?: Ring): void {
    alarm.timer?.[Symbol.dispose]();
    if (waiting.delete(alarm) && how) alarm.ring(how);
  }

  return {
    set(at, ring) {
      if (!looking) {
        offset = currentOffset();
        looking = time.after(lookMs, look);
      }
      const alarm: Alarm = { at, ring };
      waiting.add(alarm);
      wait(alarm);
      return { [Symbol.dispose]: () => end(alarm) };
    },
    [Symbol.dispose]() {
      for (const alarm of [...waiting]) end(alarm);
      stopLooking();
    },
  };
}
