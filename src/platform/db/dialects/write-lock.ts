import { YardError } from "../../errors.ts";

/** Who holds SQLite's one writing connection. First come, first served; nobody waits longer than `timeoutMs`. */
export interface WriteLock {
  /** @throws {YardError} unavailable, when the holder has not let go in time */
  acquire(): Promise<void>;
  /** Hands it to whoever waits longest. */
  release(): void;
  /** Somebody waits for it. */
  readonly isAwaited: boolean;
}

export function createWriteLock({ timeoutMs }: { timeoutMs: number }): WriteLock {
  const waiting = new Set<() => void>();
  let held = false;

  function wait(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const admit = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(() => {
      waiting.delete(admit);
      reject(
        new YardError(
          "unavailable",
          `The database was busy with another change for ${timeoutMs / 1000} s. Try again.`,
          {
            retryAfterMs: 1_000,
          },
        ),
      );
    }, timeoutMs);
    waiting.add(admit);
    return promise;
  }

  return {
    get isAwaited() {
      return waiting.size > 0;
    },
    async acquire() {
      if (held) return wait(); // whoever releases hands the lock over, so it stays held in between
      held = true;
    },
    release() {
      const [next] = waiting;
      if (next === undefined) {
        held = false;
        return;
      }
      waiting.delete(next);
      next();
    },
  };
}
