/** The connections to PostgreSQL as Kysely sees them: a bounded pool whose errors are ours. A connection that has failed is not used again, a
 *  server that is away is waited for, and what only reads is read again. */
import type { PostgresCursor, PostgresPool, PostgresQueryResult } from "kysely";
import pg from "pg";
import type { PostgresOptions } from "./postgres.ts";
import { isConnectionLost, translatePostgresError, wasUndone } from "./postgres-errors.ts";
import { createOutageGate } from "./postgres-outage.ts";
import { maxLostConnections } from "./postgres-retry.ts";
import { createPreparedStatements, type PreparedStatements } from "./postgres-statements.ts";

export interface WaitingPool extends PostgresPool, Disposable {
  /** From now on a server that is away is waited for. One that is away when it is opened is refused at once. */
  beginWaiting(): void;
}

export function openPool(options: PostgresOptions, location: string): WaitingPool {
  const pool = createPool(options);
  const { outageWaitMs = 45_000 } = options;
  const gate = createOutageGate({ location, probe: async () => (await pool.connect()).release() });
  const statements = createPreparedStatements();
  let waits = false;

  async function connect(): Promise<pg.PoolClient> {
    for (const deadline = performance.now() + outageWaitMs; ; ) {
      await gate.pass(deadline);
      try {
        return await pool.connect();
      } catch (error) {
        const isWaitedFor = waits && isConnectionLost(error) && performance.now() < deadline;
        if (!isWaitedFor) throw translatePostgresError(error, location);
        gate.begin(error);
      }
    }
  }

  return {
    connect: async () => kyselyClient(await connect(), { connect, statements, location }),
    beginWaiting() {
      waits = true;
    },
    end: () => pool.end(),
    [Symbol.dispose]: () => gate[Symbol.dispose](),
  };
}

function kyselyClient(
  first: pg.PoolClient,
  {
    connect,
    statements,
    location,
  }: { connect(): Promise<pg.PoolClient>; statements: PreparedStatements; location: string },
) {
  let client: pg.PoolClient | undefined = first; // undefined: it was lost, and let go
  let isLost = false;
  let isInTransaction = false;

  async function run(text: string, parameters: readonly unknown[]): Promise<unknown> {
    isInTransaction ||= /^(?:begin|start transaction)/i.test(text);
    const isHarmless = !isInTransaction && /^\s*select\b/i.test(text);
    for (let failures = 1; ; failures++) {
      client ??= await connect();
      try {
        return await statements.run(client, text, parameters);
      } catch (error) {
        isLost ||= isConnectionLost(error);
        const mayRunAgain = isLost ? isHarmless : !isInTransaction && wasUndone(error);
        if (!mayRunAgain || failures >= maxLostConnections) throw translatePostgresError(error, location);
      }
      if (!isLost) continue;
      client.release(true); // before there is another: those that are lost may have all places of the pool
      client = undefined;
      isLost = false;
    }
  }

  function query<R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  function query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>; // Kysely calls it only where it was given cursors
  function query(text: string | PostgresCursor<unknown>, parameters: readonly unknown[] = []): unknown {
    return run(text as string, parameters);
  }
  return { query, release: () => client?.release(isLost) };
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
