/** Timers that end with their owner. */

/** The longest delay a Node timer can take; anything longer fires at once. */
const longestTimerMs = 2 ** 31 - 1;

/** Runs `act` once, `delayMs` from now however long that is, unless disposed of before. Monotonic: a changed wall clock does not move it. */
export function after(delayMs: number, act: () => void): Disposable {
  const step = (leftMs: number): NodeJS.Timeout =>
    leftMs <= longestTimerMs
      ? setTimeout(act, Math.max(0, leftMs))
      : setTimeout(() => {
          timer = step(leftMs - longestTimerMs);
        }, longestTimerMs);
  let timer = step(delayMs);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

/** Runs `act` again and again, each time `intervalMs` after the one before has ended. Does not keep the process alive. Disposing waits
 *  for a run that is under way. `act` handles its own errors. */
export function every(intervalMs: number, act: () => Promise<void>): AsyncDisposable {
  let running = Promise.resolve();
  const again = () => {
    running = act().then(() => {
      if (!ended) timer = setTimeout(again, intervalMs).unref();
    });
  };
  let ended = false;
  let timer = setTimeout(again, intervalMs).unref();
  return {
    async [Symbol.asyncDispose]() {
      ended = true;
      clearTimeout(timer);
      await running;
    },
  };
}
