/** Work that nobody waits for: its failures are logged, and closing waits for what is under way. */
import type { AppLog } from "./parts.ts";

export interface Background extends AsyncDisposable {
  run(what: string, work: () => Promise<unknown>): void;
}

export function createBackground(log: AppLog): Background {
  const underWay = new Set<Promise<void>>();
  return {
    run(what, work) {
      const done = work().then(
        () => {},
        (error: unknown) => log.warn({ err: error }, `${what} failed`),
      );
      underWay.add(done);
      void done.then(() => underWay.delete(done));
    },
    async [Symbol.asyncDispose]() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
