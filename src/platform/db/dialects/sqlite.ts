/** SQLite, through node:sqlite. Two connections to one file: the **writer**, which one transaction or statement holds at a time,
 *  and the **reader**, for queries outside of transactions. Both are synchronous, so a statement is never interrupted by another;
 *  what is awaited is only the turn to write. */
import type { SQLInputValue } from "node:sqlite";
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import type { Engine } from "../database.ts";
import type { Schema } from "../schema.ts";
import { translateSqliteError, whenNotBusy } from "./sqlite-errors.ts";
import { openSqliteFile, type SqliteFile } from "./sqlite-file.ts";
import { createStatements, type StatementResult, type Statements } from "./sqlite-statements.ts";
import { createWriteLock, type WriteLock } from "./write-lock.ts";

export interface SqliteOptions {
  readonly path: string;
  /** How long a write waits for its turn, and for other processes that hold the file, in milliseconds. */
  readonly busyTimeoutMs?: number;
}

export async function openSqlite({ path, busyTimeoutMs = 5_000 }: SqliteOptions): Promise<Engine> {
  const file = await openSqliteFile(path, busyTimeoutMs);
  const lock = createWriteLock({ timeoutMs: busyTimeoutMs });
  const parts = {
    path,
    busyTimeoutMs,
    lock,
    file,
    writing: createStatements(file.writer),
    reading: createStatements(file.reader),
  };
  const kysely = new Kysely<Schema>({ dialect: createDialect(() => createDriver(parts)) });
  return {
    kysely,
    location: path,
    transaction: (work) => kysely.transaction().execute(work),
    async [Symbol.asyncDispose]() {
      await kysely.destroy(); // new queries are refused from here on
      try {
        await lock.acquire(); // the transaction that is under way ends first
      } finally {
        file[Symbol.dispose]();
      }
    },
  };
}

function createDialect(makeDriver: () => Driver): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: makeDriver,
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

interface Parts {
  readonly path: string;
  readonly busyTimeoutMs: number;
  readonly lock: WriteLock;
  readonly file: SqliteFile;
  readonly writing: Statements;
  readonly reading: Statements;
}

function createDriver(parts: Parts): Driver {
  const own = (connection: DatabaseConnection) => {
    if (connection instanceof SqliteConnection) return connection;
    throw new TypeError("a connection of another driver");
  };
  return {
    async init() {},
    acquireConnection: async () => new SqliteConnection(parts),
    beginTransaction: (connection) => own(connection).begin(),
    commitTransaction: (connection) => own(connection).commit(),
    rollbackTransaction: (connection) => own(connection).rollback(),
    releaseConnection: async () => {},
    async destroy() {}, // the engine closes the file, also when no query ever ran
  };
}

/** What Kysely holds during one query or one transaction. It takes the writer only when it needs it: a read outside of a
 *  transaction goes to the reader at once. */
class SqliteConnection implements DatabaseConnection {
  readonly #parts: Parts;
  #inTransaction = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const { reading, path } = this.#parts;
    try {
      if (this.#inTransaction) return asQueryResult<Row>(this.#write(query));
      if (query.query.kind === "SelectQueryNode") return asQueryResult<Row>(reading.run(query.sql, bindable(query)));
      return asQueryResult<Row>(await this.#writeAlone(query));
    } catch (error) {
      throw translateSqliteError(error, path);
    }
  }

  // biome-ignore lint/correctness/useYield: there is nothing to yield
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new TypeError(
      "Streams are not offered: one would hold its snapshot, and with it the log's growth, for as long as its reader likes. Read in pages.",
    );
  }

  async begin(): Promise<void> {
    const { lock, file, busyTimeoutMs, path } = this.#parts;
    await lock.acquire();
    try {
      await whenNotBusy(() => file.writer.exec("BEGIN IMMEDIATE"), busyTimeoutMs);
      this.#inTransaction = true;
    } catch (error) {
      lock.release();
      throw translateSqliteError(error, path);
    }
  }

  async commit(): Promise<void> {
    const { file, path } = this.#parts;
    try {
      file.writer.exec("COMMIT");
    } catch (error) {
      throw translateSqliteError(error, path); // still ours: Kysely rolls back next
    }
    this.#leave();
  }

  async rollback(): Promise<void> {
    const { file } = this.#parts;
    try {
      if (file.writer.isTransaction) file.writer.exec("ROLLBACK"); // a full disk makes SQLite roll back by itself
    } finally {
      this.#leave();
    }
  }

  #leave(): void {
    this.#inTransaction = false;
    this.#parts.lock.release();
  }

  #write(query: CompiledQuery): StatementResult {
    const { file, writing } = this.#parts;
    if (this.#inTransaction && !file.writer.isTransaction) {
      throw new Error("The transaction was rolled back by an earlier error.");
    }
    return writing.run(query.sql, bindable(query));
  }

  async #writeAlone(query: CompiledQuery): Promise<StatementResult> {
    const { lock, busyTimeoutMs } = this.#parts;
    await lock.acquire();
    try {
      return await whenNotBusy(() => this.#write(query), busyTimeoutMs);
    } finally {
      lock.release();
    }
  }
}

/** @throws {TypeError} for what SQLite cannot store: booleans, dates and undefined; PostgreSQL would take some of them, in its own way */
function bindable({ parameters }: CompiledQuery): readonly SQLInputValue[] {
  return parameters.map((value) => {
    if (value === null || value instanceof Uint8Array) return value;
    if (typeof value === "string" || typeof value === "number" || typeof value === "bigint") return value;
    throw new TypeError(`A ${typeof value} cannot be stored: times are milliseconds, flags 0 or 1, JSON text.`);
  });
}

function asQueryResult<Row>({ rows, changes, lastInsertRowid }: StatementResult): QueryResult<Row> {
  if (changes === undefined || lastInsertRowid === undefined) return { rows: rows as Row[] };
  return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
}
