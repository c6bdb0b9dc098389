/** Work whose result is good for everybody who asked before it began: however many ask at once, it is done twice at most. */

/** Joins a run that has not begun yet; there is at most one beside the one that goes on. */
export function createSharedRun<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | undefined;
  return () => {
    next ??= running.then(begin, begin);
    return next;
  };

  function begin(): Promise<T> {
    next = undefined;
    const run = work();
    running = run;
    return run;
  }
}
