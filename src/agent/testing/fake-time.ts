/** A clock that tests set, and timers that fire when the test lets time pass. */
import { setImmediate as turn } from "node:timers/promises";
import type { Time } from "../time.ts";

export interface FakeTime extends Time {
  /** Time passes on both clocks: the timers that become due act in their order, and what they begin at once is done before the next. */
  pass(ms: number): Promise<void>;
  /** Somebody sets the wall clock, forward or back. */
  setClock(byMs: number): void;
}

interface Timer {
  readonly at: number;
  readonly act: () => void;
}

export function createFakeTime(start: number): FakeTime {
  const timers = new Set<Timer>();
  let monotonic = 0;
  let offset = start;

  function nextUntil(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of timers) if (timer.at <= end && (!next || timer.at < next.at)) next = timer;
    return next;
  }

  return {
    now: () => offset + monotonic,
    monotonic: () => monotonic,
    after(delayMs, act) {
      const timer = { at: monotonic + Math.max(0, delayMs), act };
      timers.add(timer);
      return { [Symbol.dispose]: () => void timers.delete(timer) };
    },
    async pass(ms) {
      await turn(); // what the test has just done takes effect
      const end = monotonic + ms;
      for (let timer = nextUntil(end); timer; timer = nextUntil(end)) {
        timers.delete(timer);
        monotonic = Math.max(monotonic, timer.at);
        timer.act();
        await turn();
      }
      monotonic = end;
    },
    setClock(byMs) {
      offset += byMs;
    },
  };
}
