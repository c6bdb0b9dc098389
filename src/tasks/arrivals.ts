/** Waiting for events about one thing: whoever begins to wait before it looks misses none that comes after. */
import type { Bus } from "../platform/bus/bus.ts";
import type { Topics } from "../platform/bus/topics.ts";
import { after } from "../platform/timers.ts";

export interface Arrivals extends Disposable {
  /** From here on events about `subject` are noticed. */
  of(subject: string): Arrival;
}

export interface Arrival extends Disposable {
  /** Forgets what has come so far: whoever looks now sees it. */
  look(): void;
  /** Resolves with the next event since `look`, when the time is over, or when `signal` says so. */
  wait(timeoutMs: number, signal?: AbortSignal): Promise<void>;
}

interface Waiter {
  hasCome: boolean;
  resume: (() => void) | undefined;
}

/** @param subjectsOf what an event is about */
export function createArrivals<Topic extends keyof Topics>(
  bus: Bus<Topics>,
  topic: Topic,
  subjectsOf: (event: Topics[Topic]) => readonly string[],
): Arrivals {
  const waiters = new Map<string, Set<Waiter>>();

  function arrive(of: Iterable<Waiter>): void {
    for (const waiter of of) {
      waiter.hasCome = true;
      waiter.resume?.();
    }
  }

  using opened = new DisposableStack();
  opened.use(
    bus.subscribe(topic, (event) => {
      for (const subject of subjectsOf(event)) arrive(waiters.get(subject) ?? []);
    }),
  );
  opened.use(
    bus.onResync(() => {
      for (const ofSubject of waiters.values()) arrive(ofSubject);
    }),
  );
  const lifetime = opened.move();

  return {
    of(subject) {
      const waiter: Waiter = { hasCome: false, resume: undefined };
      const ofSubject = waiters.get(subject) ?? new Set();
      waiters.set(subject, ofSubject.add(waiter));
      return {
        look() {
          waiter.hasCome = false;
        },
        async wait(timeoutMs, signal) {
          if (waiter.hasCome || signal?.aborted) return;
          const { promise, resolve } = Promise.withResolvers<void>();
          const leave = () => resolve();
          waiter.resume = leave;
          using _timeout = after(timeoutMs, leave);
          signal?.addEventListener("abort", leave);
          await promise;
          signal?.removeEventListener("abort", leave);
          waiter.resume = undefined;
        },
        [Symbol.dispose]() {
          ofSubject.delete(waiter);
          if (ofSubject.size === 0 && waiters.get(subject) === ofSubject) waiters.delete(subject);
        },
      };
    },
    [Symbol.dispose]: () => lifetime.dispose(),
  };
}
