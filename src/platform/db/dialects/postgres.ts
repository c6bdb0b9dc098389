/** PostgreSQL, through `pg`: a bounded pool in which no statement, wait or forgotten transaction lasts for ever. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  Kysely,
  type PostgresCursor,
  PostgresDialect,
  type PostgresPool,
  type PostgresQueryResult,
  sql,
  type Transaction,
} from "kysely";
import pg from "pg";
import { YardError } from "../../errors.ts";
import type { Engine } from "../database.ts";
import type { Schema } from "../schema.ts";
import { isConnectionLost, isSerializationFailure, translatePostgresError } from "./postgres-errors.ts";

export interface PostgresOptions {
  /** `postgres://user:password@host:port/name` */
  readonly url: string;
  readonly maxConnections?: number;
  /** How long a caller waits for a connection, new or free again, in milliseconds. */
  readonly connectTimeoutMs?: number;
  /** After which the server gives up a statement, in milliseconds. */
  readonly statementTimeoutMs?: number;
}

const oldestVersion = 15;

/** How often a transaction is run again after it lost a race. 32 writers of one row, all at once over 5 connections, needed at most 7. */
const maxAttempts = 12;

export async function openPostgres(options: PostgresOptions): Promise<Engine> {
  const location = describeLocation(options.url);
  const pool = createPool(options);
  const kysely = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: translating(pool, location) }) });
  await using opened = new AsyncDisposableStack();
  opened.defer(() => kysely.destroy());
  await refuseOlder(kysely, location, oldestVersion);
  opened.move();
  return {
    kysely,
    location,
    transaction: (work, { exclusive } = {}) =>
      againAfterLostRaces(location, () =>
        exclusive === undefined ? serializable(kysely, work) : oneAtATime(kysely, exclusive, work),
      ),
    [Symbol.asyncDispose]: () => kysely.destroy(),
  };
}

function createPool({
  url,
  maxConnections = 10,
  connectTimeoutMs = 5_000,
  statementTimeoutMs = 30_000,
}: PostgresOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: maxConnections,
    application_name: "runyard",
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + 5_000, // for a server that has gone silent
    types: { getTypeParser: numbersAsNumbers },
  });
  // A connection that dies while nobody queries it tells so by an `error` event, which unheard would end the process.
  // Whoever uses it next, or waits for it now, gets an error of their own.
  pool.on("error", () => {});
  pool.on("connect", (client) => void client.on("error", () => {}));
  return pool;
}

/** `bigint` (20) and `numeric` (1700: sums of bigint) as numbers, as SQLite gives them; `pg` would give text, for fear of losing digits. */
function numbersAsNumbers(type: number, format?: "text" | "binary") {
  return type === pg.types.builtins.INT8 || type === pg.types.builtins.NUMERIC
    ? Number
    : pg.types.getTypeParser(type, format);
}

/** The pool as Kysely sees it: its errors are ours, and a connection that has failed is not used again. */
function translating(pool: pg.Pool, location: string): PostgresPool {
  return {
    async connect() {
      const client = await pool.connect().catch((error: unknown) => {
        throw translatePostgresError(error, location);
      });
      let lost = false;
      function query<R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
      function query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>; // Kysely calls it only where it was given cursors
      function query(text: string | PostgresCursor<unknown>, parameters: readonly unknown[] = []): unknown {
        return client.query(text as string, [...parameters]).catch((error: unknown) => {
          lost ||= isConnectionLost(error);
          throw translatePostgresError(error, location);
        });
      }
      return { query, release: () => client.release(lost) };
    },
    end: () => pool.end(),
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

/** Under the lock there is no race to lose. It must be "read committed": a serializable transaction's snapshot is taken by its first
 *  statement, the lock itself, before the wait, and would not show what the previous holder committed. */
function oneAtATime<T>(kysely: Kysely<Schema>, name: string, work: Work<T>): Promise<T> {
  return kysely
    .transaction()
    .setIsolationLevel("read committed")
    .execute(async (transaction) => {
      await sql`select pg_advisory_xact_lock(hashtextextended(${`runyard:${name}`}, 0))`.execute(transaction);
      return work(transaction);
    });
}

async function againAfterLostRaces<T>(location: string, attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isSerializationFailure(error)) throw error;
      if (attempts >= maxAttempts) {
        const message = `The database ${location} has too many competing changes at once. Try again.`;
        throw new YardError("unavailable", message, { cause: error, retryAfterMs: 1_000 });
      }
    }
    await sleep(Math.random() * 10 * attempts);
  }
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
