/** Claims that wait for work. News of tasks wakes as many of them as there are tasks, and only those that may take them: a thousand idle workers do not
 *  rush to the database for one task. A wake-up that its claim cannot use any more (the worker went away) is handed on. */
import { after } from "../platform/timers.ts";
import type { Queue } from "./queues.ts";

export interface WaitingClaims {
  /** From here on it hears of work. Dispose of it when the claim is over.
   *  @param fits whether the worker may take the tasks of a queue; asked anew each time */
  join(claim: { readonly limit: number; fits(queue: Queue): boolean }): WaitingClaim;
  /** So many tasks of the queue wait. @returns for how many of them nobody was there */
  wake(queue: Queue, count: number): number;
  /** Everybody looks again. */
  wakeAll(): void;
}

export interface WaitingClaim extends Disposable {
  /** Forgets what it has heard so far: whoever looks now sees it. */
  look(): void;
  /** Resolves when there may be something, the time is over, or `signal` says so. */
  woken(timeoutMs: number, signal?: AbortSignal): Promise<void>;
  /** It looks again. */
  wake(): void;
}

interface Waiter {
  readonly limit: number;
  fits(queue: Queue): boolean;
  /** What woke it, and it has not looked for since. */
  heard: { readonly queue: Queue; readonly count: number }[];
  isWoken: boolean;
  resume: (() => void) | undefined;
}

export function createWaitingClaims(): WaitingClaims {
  /** In the order in which they came; who was woken goes to the end. */
  const waiters = new Set<Waiter>();

  function rouse(waiter: Waiter): void {
    waiter.isWoken = true;
    waiter.resume?.();
  }

  function wake(queue: Queue, count: number): number {
    let left = count;
    for (const waiter of [...waiters]) {
      if (left <= 0) break;
      if (waiter.isWoken || !waiter.fits(queue)) continue;
      const share = Math.min(left, waiter.limit);
      left -= share;
      waiter.heard.push({ queue, count: share });
      waiters.delete(waiter);
      waiters.add(waiter);
      rouse(waiter);
    }
    return left;
  }

  function wakeAll(): void {
    for (const waiter of waiters) rouse(waiter);
  }

  return {
    wake,
    wakeAll,

    join({ limit, fits }) {
      const waiter: Waiter = { limit, fits, heard: [], isWoken: false, resume: undefined };
      waiters.add(waiter);
      return {
        look() {
          waiter.heard = [];
          waiter.isWoken = false;
        },
        wake: () => rouse(waiter),
        async woken(timeoutMs, signal) {
          if (waiter.isWoken || signal?.aborted) return;
          const { promise, resolve } = Promise.withResolvers<void>();
          waiter.resume = resolve;
          using _timeout = after(timeoutMs, resolve);
          const leave = () => resolve();
          signal?.addEventListener("abort", leave);
          await promise;
          signal?.removeEventListener("abort", leave);
          waiter.resume = undefined;
        },
        [Symbol.dispose]() {
          waiters.delete(waiter);
          for (const { queue, count } of waiter.heard) wake(queue, count);
        },
      };
    },
  };
}
