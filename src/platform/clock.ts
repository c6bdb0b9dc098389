/** Time, handed in so that tests can set it. `now` is wall time, `monotonic` never jumps: deadlines and leases use it. Both in milliseconds. */
export interface Clock {
  now(): number;
  monotonic(): number;
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
