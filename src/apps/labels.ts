/** Labels of the host: names and values by which people and programs choose where to run what. Some are built in; a label that is set hides
 *  the built-in one of its name until it is removed. */
import type { Kysely, Transaction } from "kysely";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { asStorageError, YardError } from "../platform/errors.ts";

export interface Labels {
  /** All of them, by name. */
  list(): Promise<Readonly<Record<string, string>>>;
  /** @throws {YardError} invalid (field `name` or `value`), too_many, storage_full */
  set(name: string, value: string): Promise<void>;
  /** @returns whether it was set */
  remove(name: string): Promise<boolean>;
  /** These and no others, besides the built-in ones. A bad one among them changes nothing. @throws {YardError} as `set` */
  replace(labels: Readonly<Record<string, string>>): Promise<void>;
}

export interface LabelsParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly builtIn: Readonly<Record<string, string>>;
}

export const mostLabels = 1_000;
const longestName = 128;
const longestValue = 1_024;
/** What a terminal or a page would not show as it is. */
const unfit = /[\p{Cc}\p{Bidi_Control}\p{Cs}\p{Zl}\p{Zp}]/u;

export function createLabels({ database, clock, builtIn }: LabelsParts): Labels {
  async function write(db: Kysely<Schema> | Transaction<Schema>, name: string, value: string): Promise<void> {
    const row = { name, value, updated_at: clock.now() };
    await db
      .insertInto("labels")
      .values(row)
      .onConflict((conflict) => conflict.column("name").doUpdateSet({ value, updated_at: row.updated_at }))
      .execute();
  }

  return {
    async list() {
      const rows = await database.kysely.selectFrom("labels").select(["name", "value"]).limit(mostLabels).execute();
      const all = new Map([...Object.entries(builtIn), ...rows.map(({ name, value }) => [name, value] as const)]);
      return fromEntriesByName(all);
    },

    async set(name, value) {
      checkLabel(name, value);
      await database
        .transaction(async (transaction) => {
          await write(transaction, name, value);
          const { count } = await transaction
            .selectFrom("labels")
            .select(({ fn }) => fn.countAll<number>().as("count"))
            .executeTakeFirstOrThrow();
          if (count > mostLabels) throw tooMany();
        }, onlyWriter)
        .catch(refuseWhenFull);
    },

    async remove(name) {
      const result = await database.kysely.deleteFrom("labels").where("name", "=", name).executeTakeFirst();
      return result.numDeletedRows > 0n;
    },

    async replace(labels) {
      const given = Object.entries(labels);
      if (given.length > mostLabels) throw tooMany();
      for (const [name, value] of given) checkLabel(name, value);
      await database
        .transaction(async (transaction) => {
          await transaction.deleteFrom("labels").execute();
          for (const [name, value] of given) {
            if (builtIn[name] !== value || !Object.hasOwn(builtIn, name)) await write(transaction, name, value);
          }
        }, onlyWriter)
        .catch(refuseWhenFull);
    },
  };
}

/** Counting and writing belong together, over all replicas. */
const onlyWriter = { exclusive: "labels" };

/** Names are data: `__proto__` is one like any other. */
function fromEntriesByName(labels: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  return Object.fromEntries([...labels].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function checkLabel(name: string, value: string): void {
  const nameFault = name.trim() === "" ? "is empty" : faultOf(name, longestName);
  if (nameFault) throw new YardError("invalid", `the label's name ${nameFault}`, { field: "name" });
  const valueFault = faultOf(value, longestValue);
  if (valueFault) throw new YardError("invalid", `the label's value ${valueFault}`, { field: "value" });
}

function faultOf(text: string, longest: number): string | undefined {
  if ([...text].length > longest) return `is longer than ${longest} characters`;
  return unfit.test(text) ? "holds a character that cannot be shown" : undefined;
}

function tooMany(): YardError {
  return new YardError("too_many", `there are ${mostLabels} labels already; remove some first`);
}

function refuseWhenFull(error: unknown): never {
  throw asStorageError(error, "the labels cannot be saved");
}
