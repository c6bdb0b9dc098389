/** The events that outlive the moment: what happened, in order, for whoever asks later. Bounded by number and by age. */
import type { Transaction } from "kysely";
import type { Clock } from "../clock.ts";
import { createBatchWriter } from "../db/batch.ts";
import type { Database } from "../db/database.ts";
import type { EventRow, Schema } from "../db/schema.ts";
import { YardError } from "../errors.ts";
import type { Json } from "./bus.ts";

export interface LoggedEvent {
  /** Grows with every event, with gaps; ask with the last one for what came after it. */
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly topic: string;
  /** The id of what it speaks of. */
  readonly subject: string;
  readonly data: unknown;
}

export interface EventLog extends AsyncDisposable {
  /** Resolves when the event is committed, and no death of ours loses it; events that arrive together share one commit. @throws {YardError} too_large, too_many */
  append(topic: string, subject: string, data: Json): Promise<void>;
  /** Events after `after` (default: from the oldest that is kept), oldest first, at most `limit` (1 to 1,000). An event that was
   *  read is never followed by one with a lower `seq`. */
  read(options: { after?: number; limit: number; topic?: string }): Promise<readonly LoggedEvent[]>;
  /** Deletes all that is beyond the retention. Appending does it little by little; this is for a log that nobody appends to. */
  trim(): Promise<void>;
}

export interface Retention {
  readonly maxRows: number;
  readonly maxAgeMs: number;
}

/** Of one event's data as JSON text, in UTF-16 units. */
const maxDataLength = 64 * 1024;
const maxReadLimit = 1_000;
const trimRows = 1_000;
/** Events between two looks at what is beyond the retention, which takes as long as writing them one by one: so many more may be kept. */
const trimEvery = 16;

export function createEventLog({
  database,
  clock,
  retention,
}: {
  database: Database;
  clock: Clock;
  retention: Retention;
}): EventLog {
  const { kysely } = database;
  let untrimmed = trimEvery; // what an earlier yard has left is looked at with the first

  const writer = createBatchWriter<Omit<EventRow, "seq">>({
    // Exclusive, so that events become visible in the order of their numbers: else a reader could pass one by that commits later. Unsynced, as an event speaks of what was
    // done: the audit entry of that, which comes next, then waits for the disk once, and not for the event's turn there before its own.
    async commit(events) {
      const added = untrimmed + events.length;
      await database.transaction(
        async (transaction) => {
          await transaction
            .insertInto("events")
            .values([...events])
            .execute();
          if (added >= trimEvery) await deleteExpired(transaction, added + 10); // more than was added, so that what is beyond shrinks
        },
        { exclusive: "events", unsynced: true },
      );
      untrimmed = added >= trimEvery ? 0 : added;
    },
  });

  /** Looks at the `rows` oldest events and deletes those beyond the retention. @returns how many that were */
  async function deleteExpired(transaction: Transaction<Schema>, rows: number): Promise<bigint> {
    const { newest } = await transaction
      .selectFrom("events")
      .select((row) => row.fn.max("seq").as("newest"))
      .executeTakeFirstOrThrow();
    const oldest = transaction.selectFrom("events").select("seq").orderBy("seq").limit(rows);
    const result = await transaction
      .deleteFrom("events")
      .where("seq", "in", oldest)
      .where((row) =>
        row.or([row("seq", "<=", (newest ?? 0) - retention.maxRows), row("at", "<", clock.now() - retention.maxAgeMs)]),
      )
      .executeTakeFirstOrThrow();
    return result.numDeletedRows;
  }

  return {
    async append(topic, subject, data) {
      const text = JSON.stringify(data);
      if (text.length > maxDataLength) {
        throw new YardError(
          "too_large",
          `The event ${topic} of ${subject} is larger than ${maxDataLength} characters.`,
          { field: "data" },
        );
      }
      await writer.write({ at: clock.now(), topic, subject, data: text });
    },

    async read({ after = 0, limit, topic }) {
      if (!Number.isInteger(limit) || limit < 1 || limit > maxReadLimit) {
        throw new YardError("invalid", `limit must be a whole number from 1 to ${maxReadLimit}.`, { field: "limit" });
      }
      const rows = await kysely
        .selectFrom("events")
        .selectAll()
        .where("seq", ">", after)
        .$if(topic !== undefined, (query) => query.where("topic", "=", topic!))
        .orderBy("seq")
        .limit(limit)
        .execute();
      return rows.map((row): LoggedEvent => ({ ...row, data: JSON.parse(row.data) }));
    },

    async trim() {
      while (
        (await database.transaction((transaction) => deleteExpired(transaction, trimRows), { exclusive: "events" })) >
        0n
      );
    },

    [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
  };
}
