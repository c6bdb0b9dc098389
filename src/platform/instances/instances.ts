/** The yards that share a database: each has a row with a lease, which it renews as long as it lives.
 *
 *  | state | row | what others do |
 *  | --- | --- | --- |
 *  | live | `gone_at` is null | leave alone what is its own |
 *  | overdue | its lease is over | still nothing: the database itself may have been away |
 *  | gone | `gone_at` is set: by itself when it stops, or by another one that saw it overdue | end what it was doing |
 *
 *  Leases are measured by the database's clock, so the clocks of the machines may differ. Who has lost the database for a while finds the
 *  others overdue, too: so only one that has renewed its own lease without a gap for a whole lease's time judges others. One that was only
 *  frozen finds itself gone when it wakes up (it is fenced): it drops what it was doing, and begins anew.
 *
 *  A SQLite file has one yard, which the lock of its data directory sees to; nothing is renewed then. */
import { sql } from "kysely";
import type { Clock } from "../clock.ts";
import type { Database } from "../db/database.ts";
import type { Log } from "../log.ts";
import { every } from "../timers.ts";
import { createListeners } from "./listeners.ts";

export interface Instances extends AsyncDisposable {
  readonly self: InstanceName;
  /** Undefined: there was never one of that id, or it is long gone. */
  find(id: string): Promise<{ readonly name: string; readonly isLive: boolean } | undefined>;
  /** Called when this yard has found others to be gone. */
  onGone(listener: () => Promise<void>): Disposable;
  /** Called when others have taken this yard to be gone. */
  onFenced(listener: () => Promise<void>): Disposable;
}

export interface InstanceName {
  readonly id: string;
  /** For people. */
  readonly name: string;
}

export interface InstancesParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Pick<Log, "info" | "warn" | "error">;
  readonly self: InstanceName;
  /** Does it even on a full disk. */
  essential<T>(work: () => Promise<T>): Promise<T>;
  readonly times?: LeaseTimes;
}

export interface LeaseTimes {
  /** Much longer than a slow garbage collection, or a moment without network. */
  readonly leaseMs: number;
  readonly renewMs: number;
}

const defaultTimes: LeaseTimes = { leaseMs: 15_000, renewMs: 3_000 };
/** Names are kept for a while: what belonged to them may still be asked for. */
const forgetGoneMs = 30 * 86_400_000;

/** Registers this yard. */
export async function openInstances(parts: InstancesParts): Promise<Instances> {
  const { database, clock, log, self, times = defaultTimes } = parts;
  const db = database.kysely;
  const now =
    database.dialect === "sqlite"
      ? sql<number>`cast(unixepoch('subsec') * 1000 as integer)`
      : sql<number>`floor(extract(epoch from clock_timestamp()) * 1000)::bigint`;
  const leaseEnd = sql<number>`${now} + ${sql.lit(times.leaseMs)}`;
  const gone = createListeners(log);
  const fenced = createListeners(log);
  let renewedAt = clock.monotonic();
  let steadySince = renewedAt;

  async function register(): Promise<void> {
    const row = { id: self.id, name: self.name, lease_until: leaseEnd, gone_at: null };
    const { id: _id, ...changes } = row;
    await db
      .insertInto("instances")
      .values(row)
      .onConflict((conflict) => conflict.column("id").doUpdateSet(changes))
      .execute();
  }

  async function renew(): Promise<void> {
    const { numUpdatedRows } = await db
      .updateTable("instances")
      .set({ lease_until: leaseEnd })
      .where("id", "=", self.id)
      .where("gone_at", "is", null)
      .executeTakeFirst();
    const before = renewedAt;
    renewedAt = clock.monotonic();
    if (renewedAt - before > times.leaseMs) steadySince = renewedAt;
    if (numUpdatedRows > 0n) return;
    log.warn({ instance: self.id }, "others took this yard to be gone: what it was running is dropped");
    steadySince = renewedAt;
    await fenced.call();
    await register();
  }

  async function judge(): Promise<void> {
    if (clock.monotonic() - steadySince < times.leaseMs) return;
    const found = await db
      .updateTable("instances")
      .set({ gone_at: now })
      .where("gone_at", "is", null)
      .where("lease_until", "<", now)
      .where("id", "<>", self.id)
      .returning(["id", "name"])
      .execute();
    if (found.length === 0) return;
    log.warn({ instances: found }, "yards on the same database are gone");
    await gone.call();
    await db
      .deleteFrom("instances")
      .where("gone_at", "<", sql<number>`${now} - ${sql.lit(forgetGoneMs)}`)
      .execute();
  }

  async function beat(): Promise<void> {
    try {
      await renew();
      await judge();
    } catch (error) {
      log.warn({ err: error }, "this yard's lease could not be renewed; it is tried again");
    }
  }

  /** So that others need not wait for the end of the lease. */
  async function leave(): Promise<void> {
    try {
      await db.updateTable("instances").set({ gone_at: now }).where("id", "=", self.id).execute();
    } catch (error) {
      log.warn({ err: error }, "this yard could not say that it stops: others notice when its lease ends");
    }
  }

  await parts.essential(register);
  await using opened = new AsyncDisposableStack();
  opened.defer(leave);
  if (database.dialect !== "sqlite") opened.use(every(times.renewMs, beat));
  const lifetime = opened.move();

  return {
    self,
    async find(id) {
      const row = await db
        .selectFrom("instances")
        .select(["name", "gone_at", sql<number>`case when lease_until > ${now} then 1 else 0 end`.as("has_lease")])
        .where("id", "=", id)
        .executeTakeFirst();
      const isLive = row?.gone_at === null && (row.has_lease === 1 || database.dialect === "sqlite");
      return row && { name: row.name, isLive };
    },
    onGone: gone.add,
    onFenced: fenced.add,
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}
