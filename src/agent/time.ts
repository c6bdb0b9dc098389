/** Time as the agent's units see it: handed in, so that tests can set the clock and let hours pass. */
import { type Clock, systemClock } from "../platform/clock.ts";
import { after } from "../platform/timers.ts";

export interface Time extends Clock {
  /** Acts once, so many monotonic milliseconds from now, unless disposed of before. */
  after(delayMs: number, act: () => void): Disposable;
}

export const systemTime: Time = { ...systemClock, after };
