/** Values that are changed while the yard runs, each one JSON in a row of `settings`. */
import { asStorageError } from "../errors.ts";
import type { Database } from "./database.ts";

export interface StoredSettings {
  /** Undefined if nothing was stored. It is data from outside: parse it. */
  read(key: string): Promise<unknown>;
  /** Stores what `change` makes of the value; of two changes at a time each sees what the other has stored. `change` may be called again. */
  change(key: string, change: (before: unknown) => unknown): Promise<void>;
}

export function createStoredSettings({
  database,
  clock,
}: {
  database: Database;
  clock: { now(): number };
}): StoredSettings {
  return {
    async read(key) {
      const row = await database.kysely
        .selectFrom("settings")
        .select("value")
        .where("key", "=", key)
        .executeTakeFirst();
      return row && JSON.parse(row.value);
    },

    async change(key, change) {
      try {
        await database.transaction(
          async (transaction) => {
            const row = await transaction
              .selectFrom("settings")
              .select("value")
              .where("key", "=", key)
              .executeTakeFirst();
            const value = JSON.stringify(change(row && JSON.parse(row.value)));
            const updated_at = clock.now();
            await transaction
              .insertInto("settings")
              .values({ key, value, updated_at })
              .onConflict((conflict) => conflict.column("key").doUpdateSet({ value, updated_at }))
              .execute();
          },
          { exclusive: `settings ${key}` },
        );
      } catch (error) {
        throw asStorageError(error, "the settings cannot be saved");
      }
    },
  };
}
