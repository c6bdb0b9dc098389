/** The time of day, finer than the milliseconds that Node tells it in. An engine that is asked for events up to a moment that has not come yet waits for it,
 *  and the end of the current millisecond is half a millisecond away: longer than all the rest of the question takes. */

/** No clock that is only being corrected drifts by more than a tenth of a millisecond in that time. */
const windowMs = 200;

/** @returns a function that tells milliseconds since 1970, never less than it is, and seldom much more if it is called often */
export function createFineTime(clocks = { day: Date.now, monotonic: () => performance.now() }): () => number {
  let offsetMs = Number.POSITIVE_INFINITY;
  let sinceMs = 0;
  return () => {
    const monotonicMs = clocks.monotonic();
    // What the time of day is ahead by is less than this, and at most one less. The least of many such bounds is close to it.
    const boundMs = clocks.day() + 1 - monotonicMs;
    const isSet = offsetMs < boundMs - 1;
    if (boundMs < offsetMs || isSet || monotonicMs - sinceMs > windowMs) {
      offsetMs = boundMs;
      sinceMs = monotonicMs;
    }
    return monotonicMs + offsetMs;
  };
}
