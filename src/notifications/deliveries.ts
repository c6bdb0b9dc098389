/** What is on its way to channels. A row is a delivery that is yet to be made; whoever tries takes it by moving its time past the end of the try: should
 *  that yard die meanwhile, the delivery is due again by itself. Only who still has it may say how it went. */
import { type ExpressionBuilder, type Kysely, type RawBuilder, sql } from "kysely";
import type { Database } from "../platform/db/database.ts";
import type { DeliveryRow, Schema } from "../platform/db/schema.ts";
import type { SharedTime } from "../platform/db/shared-time.ts";
import type { EventDocument } from "./channel.ts";
import type { FleetNotice } from "./fleet-channel.ts";
import { distributeToFleet, findFleetReceivers } from "./fleet-receivers.ts";
import { distribute, findSubscribers, type NewDelivery } from "./subscribers.ts";

/** One that is taken. */
export interface Delivery {
  readonly channelId: string;
  readonly eventId: string;
  /** JSON of an EventDocument. */
  readonly event: string;
  /** Tries that have failed. */
  readonly failures: number;
  /** By which the row knows who has it. */
  readonly takenUntil: number;
  /** How long it has been on its way. */
  readonly ageMs: number;
}

export interface Announced {
  readonly teamId: string;
  readonly event: EventDocument;
  readonly at: number;
}

/** A channel that has deliveries to be made. */
export interface Waiting {
  readonly channelId: string;
  readonly count: number;
}

export interface Deliveries {
  /** For each of their teams' channels that want to know. All of them or none. */
  add(announced: readonly Announced[]): Promise<readonly Waiting[]>;
  /** For the fleet's channels that the notices name, if they are there and enabled: kept with the transaction. */
  addForFleet(trx: Kysely<Schema>, notices: readonly FleetNotice[]): Promise<void>;
  /** Those that are due. */
  waiting(): Promise<readonly Waiting[]>;
  /** The first that is due, and has no other of its subject before it. */
  take(channelId: string): Promise<Delivery | undefined>;
  received(delivery: Delivery): Promise<void>;
  /** @param retryMs from now; undefined: it is dropped */
  failed(delivery: Delivery, reason: string, retryMs: number | undefined): Promise<void>;
  /** As if it had not been taken. */
  giveBack(delivery: Delivery): Promise<void>;
}

export interface DeliveriesParts {
  readonly database: Database;
  readonly now: SharedTime;
  /** Longer than any try. */
  readonly leaseMs: number;
  /** Of one channel; what comes when so many wait is dropped. */
  readonly mostWaiting: number;
}

/** Channels in one answer; the others have their turn when these are through. */
const mostListed = 1_000;
/** Databases bound how many values one statement has. */
const rowsAtOnce = 1_000;

export function createDeliveries({ database, now, leaseMs, mostWaiting }: DeliveriesParts): Deliveries {
  const db = database.kysely;
  const later = (ms: number) => sql<number>`${now()} + ${ms}`;

  return {
    async add(announced) {
      const isWanted = (await findSubscribers(db, announced)).length > 0;
      if (!isWanted) return [];
      return database.transaction(async (trx) => {
        const { rows, full } = distribute(announced, await findSubscribers(trx, announced), mostWaiting);
        await noteFull(trx, full);
        await keep(trx, rows);
        return countByChannel(rows.map((row) => row.channel_id));
      });
    },

    async addForFleet(trx, notices) {
      const { rows, full } = distributeToFleet(notices, await findFleetReceivers(trx, notices), mostWaiting);
      await noteFull(trx, full);
      await keep(trx, rows);
    },

    waiting: () =>
      db
        .selectFrom("deliveries")
        .select(["channel_id as channelId", (all) => all.fn.countAll<number>().as("count")])
        .where("due_at", "<=", now())
        .groupBy("channel_id")
        .limit(mostListed)
        .execute(),

    take: (channelId) =>
      db
        .updateTable("deliveries")
        .set({ due_at: later(leaseMs) })
        .where("channel_id", "=", channelId)
        .where("event_id", "=", (from) =>
          from
            .selectFrom("deliveries as next")
            .select("next.event_id")
            .where("next.channel_id", "=", channelId)
            .where("next.due_at", "<=", now())
            .where((next) => next.or([next("next.subject", "is", null), next.not(next.exists(earlierOfSubject(next)))]))
            .orderBy("next.due_at")
            .orderBy("next.event_id")
            .limit(1)
            // Two that come together take different ones; SQLite has one writer.
            .$if(database.dialect === "postgres", (first) => first.forUpdate("next").skipLocked()),
        )
        .returning(["channel_id as channelId", "event_id as eventId", "event", "failures", "due_at as takenUntil"])
        .returning(sql<number>`${now()} - created_at`.as("ageMs"))
        .executeTakeFirst(),

    received: (delivery) =>
      database.transaction(
        async (trx) => {
          if (!(await drop(trx, delivery))) return;
          await trx.updateTable("channels").set({ delivered_at: now() }).where("id", "=", delivery.channelId).execute();
        },
        { rowLocks: true },
      ),

    failed: (delivery, reason, retryMs) =>
      database.transaction(
        async (trx) => {
          const again = { failures: delivery.failures + 1, due_at: later(retryMs ?? 0) };
          const isHeld = await (retryMs === undefined ? drop(trx, delivery) : put(trx, delivery, again));
          if (isHeld) await noteError(trx, [delivery.channelId], reason);
        },
        { rowLocks: true },
      ),

    async giveBack(delivery) {
      await put(db, delivery, { due_at: now() });
    },
  };

  async function noteError(trx: Kysely<Schema>, channelIds: readonly string[], reason: string): Promise<void> {
    const error = { last_error: reason, last_error_at: now() };
    await trx.updateTable("channels").set(error).where("id", "in", channelIds).execute();
  }

  async function noteFull(trx: Kysely<Schema>, channelIds: ReadonlySet<string>): Promise<void> {
    if (channelIds.size === 0) return;
    await noteError(trx, [...channelIds], `${mostWaiting} deliveries wait already: some were dropped`);
  }

  async function keep(trx: Kysely<Schema>, rows: readonly NewDelivery[]): Promise<void> {
    const times = { due_at: now(), created_at: now() };
    for (let from = 0; from < rows.length; from += rowsAtOnce) {
      const some = rows.slice(from, from + rowsAtOnce).map((row) => ({ ...row, failures: 0, ...times }));
      await trx.insertInto("deliveries").values(some).execute();
    }
  }
}

/** Also one that is being tried: who is told first that something fires and then that it is over must not be told the other way round. */
function earlierOfSubject(next: ExpressionBuilder<Schema & { next: DeliveryRow }, "next">) {
  return next
    .selectFrom("deliveries as earlier")
    .select("earlier.event_id")
    .whereRef("earlier.channel_id", "=", "next.channel_id")
    .whereRef("earlier.subject", "=", "next.subject")
    .whereRef("earlier.event_id", "<", "next.event_id");
}

/** @returns whether it was still whose it was */
async function drop(trx: Kysely<Schema>, delivery: Delivery): Promise<boolean> {
  const { numDeletedRows } = await trx
    .deleteFrom("deliveries")
    .where((row) => row.and(keyOf(delivery)))
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** @returns the same */
async function put(
  trx: Kysely<Schema>,
  delivery: Delivery,
  changes: { readonly due_at: RawBuilder<number>; readonly failures?: number },
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable("deliveries")
    .set(changes)
    .where((row) => row.and(keyOf(delivery)))
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Of the row, as long as nobody else has taken it since. */
function keyOf({ channelId, eventId, takenUntil }: Delivery) {
  return { channel_id: channelId, event_id: eventId, due_at: takenUntil };
}

function countByChannel(channelIds: readonly string[]): readonly Waiting[] {
  return [...Map.groupBy(channelIds, (id) => id)].map(([channelId, { length: count }]) => ({ channelId, count }));
}
