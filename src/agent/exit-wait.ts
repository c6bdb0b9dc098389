/** Waits for a process to end, but not for ever. */
import type { Process } from "../sandboxes/sandbox.ts";

/** Who waits for which process. One callback on the process' promise serves all: a promise keeps each callback it was ever given until it
 *  settles, and a process that runs for months is asked for a long time. */
const waiting = new WeakMap<Process, Set<() => void>>();

/** Resolves when it has ended, the time has passed or the signal is aborted. */
export async function endedWithin(process: Process, timeoutMs: number, signal: AbortSignal): Promise<void> {
  if (process.exit || signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => resolve();
  const waiters = waitersOf(process);
  waiters.add(wake);
  using _deadline = setTimeout(wake, timeoutMs);
  signal.addEventListener("abort", wake);
  await promise;
  signal.removeEventListener("abort", wake);
  waiters.delete(wake);
}

function waitersOf(process: Process): Set<() => void> {
  const known = waiting.get(process);
  if (known) return known;
  const waiters = new Set<() => void>();
  waiting.set(process, waiters);
  void process.exited.then(() => {
    for (const wake of waiters) wake();
  });
  return waiters;
}
