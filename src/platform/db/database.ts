/** The yard's database: one schema on SQLite (embedded) or PostgreSQL (when one machine is not enough).
 *
 *  What holds on both, so that callers need not ask which one it is:
 *  - A write that has resolved is on the disk, but for those that say otherwise (`unsynced`).
 *  - `transaction` runs as if no other ran beside it (unless it asks for `rowLocks`). Its callback may be run again (after a lost race, or a lost connection), so it touches
 *    nothing but the transaction; effects on the outside world wait until `transaction` has resolved.
 *  - Inside the callback use the transaction it is given: `kysely` would wait for the very lock that the callback holds.
 *  - A caller reads what it has written itself. `selectFrom` never waits for writers (raw `sql` may: it could be a write).
 *  - Text is compared and sorted by its UTF-8 bytes; counts and sums arrive as numbers.
 *  - Errors that a user can act on are YardErrors: `unavailable` (not reachable, locked), `storage_full`, `timeout`. */
import type { Kysely, Transaction } from "kysely";
import type { PostgresOptions } from "./dialects/postgres.ts";
import { openSqlite, type SqliteOptions } from "./dialects/sqlite.ts";
import type { Migration } from "./migrate.ts";
import { migrate } from "./migrate.ts";
import { migrations as allMigrations } from "./migrations/index.ts";
import type { Schema } from "./schema.ts";

export type DatabaseOptions = ({ dialect: "sqlite" } & SqliteOptions) | ({ dialect: "postgres" } & PostgresOptions);

export type DialectName = DatabaseOptions["dialect"];

export interface TransactionOptions {
  /** Only one transaction of this name runs at a time, over all processes, and each sees what the one before it committed:
   *  for chains and sequences (audit, events). SQLite runs one writing transaction at a time anyway. */
  readonly exclusive?: string;
  /** It locks the rows that it depends on (`for update`), or names what they must be in the `where` of each change: then many may work on
   *  different rows of one table and none has to be run again. Each statement sees what was committed before it. No difference on SQLite. */
  readonly rowLocks?: boolean;
  /** As `Database.unsynced`. */
  readonly unsynced?: boolean;
}

export interface Database extends AsyncDisposable {
  readonly kysely: Kysely<Schema>;
  /** For writes that nobody is told of before another one: what resolves is committed, so that everybody sees it and no death of ours loses it, but it is on the disk only
   *  with the next write that waits for that, or a second later. A power failure may lose it, and then all that came after it, too. On PostgreSQL it is `kysely`, where leaving
   *  the disk out would cost as many round trips as it saves. */
  readonly unsynced: Kysely<Schema>;
  readonly dialect: DialectName;
  /** The file, or `host:port/name`; never a password. */
  readonly location: string;
  transaction<T>(work: (transaction: Transaction<Schema>) => Promise<T>, options?: TransactionOptions): Promise<T>;
}

/** What a dialect brings; `openDatabase` makes the Database of it. */
export interface Engine extends AsyncDisposable {
  readonly kysely: Kysely<Schema>;
  readonly unsynced: Kysely<Schema>;
  readonly location: string;
  transaction: Database["transaction"];
}

async function openServer(options: PostgresOptions) {
  const { openPostgres } = await import("./dialects/postgres.ts"); // with its client, which a yard on a file has no use for
  return openPostgres(options);
}

/** Opens the database and brings its tables up to date.
 *  @throws {YardError} precondition (no database of this program, a newer one, an unfit server), unavailable (unreachable, locked, read-only) */
export async function openDatabase(
  options: DatabaseOptions,
  { migrations = allMigrations }: { migrations?: readonly Migration[] } = {},
): Promise<Database> {
  await using opened = new AsyncDisposableStack();
  const engine = opened.use(options.dialect === "sqlite" ? await openSqlite(options) : await openServer(options));
  const database = {
    kysely: engine.kysely,
    unsynced: engine.unsynced,
    dialect: options.dialect,
    location: engine.location,
    transaction: engine.transaction,
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
  await migrate(database, migrations);
  opened.move(); // success: whoever holds the database closes it
  return database;
}
