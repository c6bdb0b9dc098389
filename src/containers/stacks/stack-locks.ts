/** One change of a stack at a time, over all yards that share the database: whoever changes it holds a row with a lease, and renews it as long as it works.
 *
 *  A yard that dies leaves its row. The same yard, back again, takes it over at once; others when the lease is over. Who cannot renew for a lease's time must
 *  take the lock to be another's: the signal that the work was given aborts, and it stops before its next step. What it had begun is harmless, because every
 *  step goes by names that an engine gives once only. */
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import type { Clock } from "../../platform/clock.ts";
import type { Database } from "../../platform/db/database.ts";
import { createSharedTime } from "../../platform/db/shared-time.ts";
import { YardError } from "../../platform/errors.ts";
import type { Log } from "../../platform/log.ts";
import { createNameLock } from "../../platform/name-lock.ts";
import { every } from "../../platform/timers.ts";

export interface StackLocks extends AsyncDisposable {
  /** Gives back what this yard held when it died, before it changes anything: nobody changes those stacks any more. */
  giveBack(): Promise<void>;
  /** @param work gets a signal that aborts when the stack may be another yard's, or this one closes
   *  @throws {YardError} conflict, when another yard is at it for too long */
  withStack<T>(stack: string, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

export interface StackLockParts {
  readonly database: Database;
  readonly clock: Clock;
  /** The yard's id. */
  readonly self: string;
  readonly log: Pick<Log, "warn">;
  /** Does it even on a full disk: stacks can be stopped on one. */
  essential<T>(work: () => Promise<T>): Promise<T>;
  readonly times?: LockTimes;
}

export interface LockTimes {
  readonly leaseMs: number;
  /** How long to wait for another yard. */
  readonly patienceMs: number;
}

const usualTimes: LockTimes = { leaseMs: 30_000, patienceMs: 120_000 };
const retryMs = 250;

export function createStackLocks(parts: StackLockParts): StackLocks {
  const { database, clock, self, log, essential, times = usualTimes } = parts;
  const db = database.kysely;
  const now = createSharedTime(database.dialect, clock);
  const leaseEnd = () => sql<number>`${now()} + ${sql.lit(times.leaseMs)}`;
  const withName = createNameLock();
  const closing = new AbortController();
  const underWay = new Set<Promise<unknown>>();

  async function tryToTake(stack: string): Promise<boolean> {
    const lease = { holder: self, until: leaseEnd() };
    const taken = await db
      .insertInto("stack_locks")
      .values({ stack, ...lease })
      .onConflict((conflict) =>
        conflict
          .column("stack")
          .doUpdateSet(lease)
          .where(({ or, eb }) => or([eb("stack_locks.holder", "=", self), eb("stack_locks.until", "<", now())])),
      )
      .returning("stack")
      .execute();
    return taken.length > 0;
  }

  async function take(stack: string): Promise<void> {
    const deadline = clock.monotonic() + times.patienceMs;
    while (!(await essential(() => tryToTake(stack)))) {
      if (closing.signal.aborted) throw closing.signal.reason;
      if (clock.monotonic() > deadline) {
        throw new YardError("conflict", `Another server is changing the stack ${stack}: try again when it is done.`);
      }
      await sleep(retryMs);
    }
  }

  function keep(stack: string, lost: AbortController): AsyncDisposable {
    let renewedAt = clock.monotonic();
    return every(times.leaseMs / 3, async () => {
      try {
        const { numUpdatedRows } = await db
          .updateTable("stack_locks")
          .set({ until: leaseEnd() })
          .where("stack", "=", stack)
          .where("holder", "=", self)
          .executeTakeFirst();
        if (numUpdatedRows === 0n) lost.abort(takenOver(stack));
        else renewedAt = clock.monotonic();
      } catch (error) {
        log.warn({ err: error, stack }, "the lease of a stack could not be renewed; it is tried again");
        if (clock.monotonic() - renewedAt > times.leaseMs) lost.abort(takenOver(stack));
      }
    });
  }

  /** A row that stays is taken over by this yard's next change, or by others when its lease is over. */
  async function release(stack: string): Promise<void> {
    try {
      await db.deleteFrom("stack_locks").where("stack", "=", stack).where("holder", "=", self).execute();
    } catch (error) {
      log.warn({ err: error, stack }, "the lock of a stack could not be given back; it ends with its lease");
    }
  }

  async function locked<T>(stack: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (closing.signal.aborted) throw closing.signal.reason;
    await take(stack);
    await using held = new AsyncDisposableStack();
    held.defer(() => release(stack));
    const lost = new AbortController();
    held.use(keep(stack, lost));
    return await work(AbortSignal.any([lost.signal, closing.signal]));
  }

  return {
    giveBack: () =>
      essential(async () => void (await db.deleteFrom("stack_locks").where("holder", "=", self).execute())),
    async withStack(stack, work) {
      const turn = withName(stack, () => locked(stack, work));
      underWay.add(turn);
      try {
        return await turn;
      } finally {
        underWay.delete(turn);
      }
    },
    async [Symbol.asyncDispose]() {
      closing.abort(new YardError("interrupted", "The server stops."));
      await Promise.allSettled(underWay);
    },
  };
}

function takenOver(stack: string): YardError {
  return new YardError("interrupted", `Another server may have taken over the stack ${stack}.`);
}
