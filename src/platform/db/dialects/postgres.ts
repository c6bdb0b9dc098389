/** PostgreSQL, through `pg`: a bounded pool in which no statement, wait or forgotten transaction lasts for ever.
 *
 *  A server that goes away and comes back costs waiting. Who needs a connection waits for it (postgres-outage.ts). What is known not to have
 *  happened is done again: a statement that only reads (postgres-pool.ts), a transaction that was not yet to be committed
 *  (postgres-retry.ts). Of anything else nobody knows whether it was done, and its caller is told so. */
import { Kysely, PostgresDialect, sql, type Transaction } from "kysely";
import pg from "pg";
import { YardError } from "../../errors.ts";
import type { Engine } from "../database.ts";
import type { Schema } from "../schema.ts";
import { openPool } from "./postgres-pool.ts";
import { againWhereNothingWasDone } from "./postgres-retry.ts";

export interface PostgresOptions {
  /** `postgres://user:password@host:port/name` */
  readonly url: string;
  readonly maxConnections?: number;
  /** How long a caller waits for a connection, new or free again, in milliseconds. */
  readonly connectTimeoutMs?: number;
  /** After which the server gives up a statement, in milliseconds. */
  readonly statementTimeoutMs?: number;
  /** How long a caller waits for a server that is away, in milliseconds. */
  readonly outageWaitMs?: number;
}

const oldestVersion = 15;

export async function openPostgres(options: PostgresOptions): Promise<Engine> {
  const location = describeLocation(options.url);
  await using opened = new AsyncDisposableStack();
  const pool = openPool(options, location);
  const kysely = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  opened.defer(() => kysely.destroy());
  opened.use(pool); // whoever waits for a connection is sent away first
  await refuseOlder(kysely, location, oldestVersion);
  pool.beginWaiting();
  const lifetime = opened.move();
  return {
    kysely,
    unsynced: kysely,
    location,
    transaction: (work, { exclusive, rowLocks = false } = {}) =>
      againWhereNothingWasDone(location, (beforeCommit) => {
        const watched: typeof work = async (transaction) => beforeCommit(await work(transaction));
        if (exclusive !== undefined) return oneAtATime(kysely, exclusive, watched);
        return rowLocks ? readCommitted(kysely, watched) : serializable(kysely, watched);
      }),
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

/** @throws {YardError} precondition */
export async function refuseOlder(kysely: Kysely<Schema>, location: string, oldest: number): Promise<void> {
  const { rows } = await sql<{
    version: number;
  }>`select current_setting('server_version_num')::int / 10000 as version`.execute(kysely);
  const version = rows[0]?.version ?? 0;
  if (version >= oldest) return;
  throw new YardError(
    "precondition",
    `The database ${location} is PostgreSQL ${version}; Runyard needs ${oldest} or newer.`,
  );
}

type Work<T> = (transaction: Transaction<Schema>) => Promise<T>;

function serializable<T>(kysely: Kysely<Schema>, work: Work<T>): Promise<T> {
  return kysely.transaction().setIsolationLevel("serializable").execute(work);
}

function readCommitted<T>(kysely: Kysely<Schema>, work: Work<T>): Promise<T> {
  return kysely.transaction().setIsolationLevel("read committed").execute(work);
}

/** Under the lock there is no race to lose. It must be "read committed": a serializable transaction's snapshot is taken by its first
 *  statement, the lock itself, before the wait, and would not show what the previous holder committed. */
function oneAtATime<T>(kysely: Kysely<Schema>, name: string, work: Work<T>): Promise<T> {
  return readCommitted(kysely, async (transaction) => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${`runyard:${name}`}, 0))`.execute(transaction);
    return work(transaction);
  });
}

/** `host:port/name` as `pg` understands the URL; never user or password. */
function describeLocation(url: string): string {
  try {
    const { host, port, database } = new pg.Client({ connectionString: url });
    return `${host}:${port}/${database}`;
  } catch (error) {
    throw new YardError(
      "precondition",
      "The database URL cannot be read. Write it as postgres://user:password@host:port/name.",
      { cause: error },
    );
  }
}
