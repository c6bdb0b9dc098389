/** Waiting for the end of a task, whichever yard it is reported to. */
import type { Bus } from "../platform/bus/bus.ts";
import type { Topics } from "../platform/bus/topics.ts";
import type { Clock } from "../platform/clock.ts";
import { createArrivals } from "./arrivals.ts";
import type { Tasks } from "./tasks.ts";

export interface EndedParts {
  readonly bus: Bus<Topics>;
  readonly clock: Clock;
  readonly get: Tasks["get"];
  /** How often whoever waits looks although nothing has told it to. */
  readonly pollMs: number;
}

export function createEnded({ bus, clock, get, pollMs }: EndedParts): Pick<Tasks, "ended"> & Disposable {
  const ends = createArrivals(bus, "task.ended", ({ taskUuids }) => taskUuids);
  return {
    async ended(caller, uuid, { timeoutMs, signal }) {
      const deadline = clock.monotonic() + timeoutMs;
      using arrival = ends.of(uuid.toLowerCase());
      for (;;) {
        arrival.look();
        const task = await get(caller, uuid);
        const leftMs = deadline - clock.monotonic();
        if (task.result !== null || leftMs <= 0 || signal?.aborted) return task;
        await arrival.wait(Math.min(leftMs, pollMs), signal);
      }
    },
    [Symbol.dispose]: () => ends[Symbol.dispose](),
  };
}
