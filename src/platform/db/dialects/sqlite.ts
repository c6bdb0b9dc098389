/** SQLite, through node:sqlite. Two connections to one file: the **writer**, which one transaction or statement holds at a time,
 *  and the **reader**, for queries outside of transactions. Both are synchronous, so a statement is never interrupted by another;
 *  what is awaited is only the turn to write, and its commit (sqlite-turns.ts). */
import type { SQLInputValue } from "node:sqlite";
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type LimitNode,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import type { Engine } from "../database.ts";
import type { Schema } from "../schema.ts";
import { translateSqliteError } from "./sqlite-errors.ts";
import { openSqliteFile } from "./sqlite-file.ts";
import { createStatements, type StatementResult, type Statements } from "./sqlite-statements.ts";
import { type CommitOptions, createWriteTurns, type Turn, type WriteTurns } from "./sqlite-turns.ts";

export interface SqliteOptions {
  readonly path: string;
  /** How long a write waits for its turn, and for other processes that hold the file, in milliseconds. */
  readonly busyTimeoutMs?: number;
}

export async function openSqlite({ path, busyTimeoutMs = 5_000 }: SqliteOptions): Promise<Engine> {
  const file = await openSqliteFile(path, busyTimeoutMs);
  const turns = createWriteTurns({ writer: file.writer, logSync: file.logSync, timeoutMs: busyTimeoutMs });
  const parts = {
    path,
    turns,
    writing: createStatements(file.writer),
    reading: createStatements(file.reader),
  };
  const openWith = (options: CommitOptions) =>
    new Kysely<Schema>({ dialect: createDialect(() => createDriver({ ...parts, options })) });
  const [kysely, unsynced] = [openWith({}), openWith({ unsynced: true })];
  return {
    kysely,
    unsynced,
    location: path,
    transaction: (work, options) => (options?.unsynced ? unsynced : kysely).transaction().execute(work),
    async [Symbol.asyncDispose]() {
      await Promise.all([kysely.destroy(), unsynced.destroy()]); // new queries are refused from here on
      try {
        await turns.close(); // the transaction that is under way ends first
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
    createQueryCompiler: () => new QueryCompiler(),
  };
}

/** SQLite plans a statement for the value of a bare `limit ?`, and so compiles it anew whenever one is bound: a claim of a task took 84 µs in place of 16. Of an expression it asks
 *  for no value. */
class QueryCompiler extends SqliteQueryCompiler {
  protected override visitLimit(node: LimitNode): void {
    super.visitLimit(node);
    this.append(" + 0");
  }
}

interface Parts {
  readonly path: string;
  readonly turns: WriteTurns;
  readonly writing: Statements;
  readonly reading: Statements;
  readonly options: CommitOptions;
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
  /** While a transaction is open. */
  #turn: Turn | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const { reading, writing, turns, options } = this.#parts;
    const statement = () => writing.run(query.sql, bindable(query));
    try {
      if (this.#turn) return asQueryResult<Row>(this.#turn.run(statement));
      if (query.query.kind === "SelectQueryNode") return asQueryResult<Row>(reading.run(query.sql, bindable(query)));
      return asQueryResult<Row>(await turns.run(statement, options));
    } catch (error) {
      throw this.#translate(error);
    }
  }

  // biome-ignore lint/correctness/useYield: there is nothing to yield
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new TypeError(
      "Streams are not offered: one would hold its snapshot, and with it the log's growth, for as long as its reader likes. Read in pages.",
    );
  }

  async begin(): Promise<void> {
    try {
      this.#turn = await this.#parts.turns.begin();
    } catch (error) {
      throw this.#translate(error);
    }
  }

  async commit(): Promise<void> {
    try {
      await this.#turn?.commit(this.#parts.options);
    } catch (error) {
      throw this.#translate(error); // Kysely rolls back next
    }
    this.#turn = undefined;
  }

  async rollback(): Promise<void> {
    this.#turn?.rollback();
    this.#turn = undefined;
  }

  #translate(error: unknown): unknown {
    return translateSqliteError(error, this.#parts.path);
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
