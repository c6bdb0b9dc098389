/** Executions that another yard on the same database runs. What is asked of them goes through the database, so that it works without Redis;
 *  the bus makes it quick. */
import { setTimeout as delay } from "node:timers/promises";
import type { Bus } from "../platform/bus/bus.ts";
import type { Topics } from "../platform/bus/topics.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import { YardError } from "../platform/errors.ts";
import type { Instances } from "../platform/instances/instances.ts";
import type { Log } from "../platform/log.ts";
import { every } from "../platform/timers.ts";
import type { Execution } from "./execution.ts";
import { cancellationsFor, type ExecutionRows, requestCancellation } from "./execution-rows.ts";
import type { LiveExecutions } from "./live-executions.ts";
import { cancelledEnd } from "./run-execution.ts";

export interface Elsewhere extends AsyncDisposable {
  /** Has an execution cancelled by the yard that runs it, and waits for that.
   *  @returns whether it was cancelled; false: it has another end, or there is none of that id
   *  @throws {YardError} unavailable: that yard has not done it in time; it will, if it is there */
  cancel(teamId: string, id: string): Promise<boolean>;
  /** Resolves when it has ended, or the time is over. */
  ended(teamId: string, id: string, options: { timeoutMs: number; signal?: AbortSignal }): Promise<void>;
}

export interface ElsewhereParts {
  readonly database: Database;
  readonly instances: Pick<Instances, "self">;
  readonly bus: Bus<Topics>;
  /** What this yard runs, and others may want to cancel. */
  readonly live: LiveExecutions;
  readonly rows: ExecutionRows;
  readonly clock: Clock;
  readonly log: Pick<Log, "warn">;
}

/** How often the yard that runs executions looks whether one is to be cancelled, without having been told. */
const lookMs = 1_000;
/** How often one that waits for the end of another yard's execution looks: a little later each time. */
const pollMs = { least: 50, most: 500 };
const cancelTimeoutMs = 10_000;

export function createElsewhere({ database, instances, bus, live, rows, clock, log }: ElsewhereParts): Elsewhere {
  const db = database.kysely;
  const closing = new AbortController();

  /** What others ask of us. The event alone is no reason to end anything: the database says what is wanted. */
  async function carryOut(): Promise<void> {
    if (live.count === 0) return;
    try {
      for (const id of await cancellationsFor(db, instances.self.id)) void live.withId(id)?.end(cancelledEnd);
    } catch (error) {
      log.warn({ err: error }, "cannot look for executions that are to be cancelled; it is tried again");
    }
  }

  async function ended(
    teamId: string,
    id: string,
    { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<Execution | undefined> {
    const stop = AbortSignal.any([closing.signal, ...(signal ? [signal] : [])]);
    const deadline = performance.now() + timeoutMs;
    for (let waitMs = pollMs.least; ; waitMs = Math.min(waitMs * 1.5, pollMs.most)) {
      const execution = await rows.get(teamId, id);
      const leftMs = deadline - performance.now();
      if (execution?.endedAt !== null || leftMs <= 0 || stop.aborted) return execution;
      await delay(Math.min(waitMs, leftMs), undefined, { signal: stop }).catch(() => {}); // aborted: the next look is the last
    }
  }

  const subscription = bus.subscribe("execution.cancelled", ({ executionId }) =>
    live.withId(executionId) ? carryOut() : undefined,
  );
  // A SQLite file has one yard: nobody else asks.
  const looking = database.dialect === "sqlite" ? undefined : every(lookMs, carryOut);

  return {
    async cancel(teamId, id) {
      if (!(await requestCancellation(db, { teamId, id, at: clock.now() }))) return false;
      await bus.publish("execution.cancelled", { executionId: id });
      const execution = await ended(teamId, id, { timeoutMs: cancelTimeoutMs });
      if (execution?.status !== "running") return execution?.status === "cancelled";
      throw new YardError(
        "unavailable",
        `Execution '${id}' runs on another server, which has not cancelled it yet. It is told to; look again in a moment.`,
        { retryAfterMs: 2_000 },
      );
    },

    ended: async (teamId, id, options) => void (await ended(teamId, id, options)),

    async [Symbol.asyncDispose]() {
      closing.abort();
      subscription[Symbol.dispose]();
      await looking?.[Symbol.asyncDispose]();
    },
  };
}
