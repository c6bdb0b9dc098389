import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import { describe, test } from "node:test";
import { sql } from "kysely";
import { isYardError } from "../../errors.ts";
import { skipUnless } from "../../testing/parts.ts";
import { until } from "../../testing/until.ts";
import { type Database, type DatabaseOptions, openDatabase } from "../database.ts";
import { openTestDatabase } from "../testing.ts";
import { findPostgres } from "../testing-postgres.ts";
import { refuseOlder } from "./postgres.ts";

const skip = skipUnless(findPostgres() !== undefined, "PostgreSQL", "apt-get install postgresql");

type PostgresDatabaseOptions = Extract<DatabaseOptions, { dialect: "postgres" }>;

async function openPostgresForTest() {
  const database = await openTestDatabase("postgres");
  assert.equal(database.options.dialect, "postgres");
  return { database, options: database.options as PostgresDatabaseOptions };
}

describe("PostgreSQL", { skip }, () => {
  test("a server that cannot be reached is refused in one line, without the password", async () => {
    const url = "postgres://ada:s3cret-word@127.0.0.1:1/yard";
    await assert.rejects(openDatabase({ dialect: "postgres", url }), (error) => {
      assert.ok(isYardError(error, "unavailable"));
      assert.match(error.message, /127\.0\.0\.1:1\/yard/);
      assert.doesNotMatch(error.message, /s3cret-word|\n/);
      return true;
    });
  });

  test("a server that takes the connection and says nothing is given up after the connection timeout", async () => {
    await using silent = await silentServer();
    const url = `postgres://ada@127.0.0.1:${silent.port}/yard`;
    await assert.rejects(openDatabase({ dialect: "postgres", url, connectTimeoutMs: 100 }), (error) =>
      isYardError(error, "unavailable"),
    );
  });

  test("a URL that cannot be read is refused without being repeated", async () => {
    await assert.rejects(
      openDatabase({ dialect: "postgres", url: "postgres://ada:s3cret-word@[::1/yard" }),
      (error) => {
        assert.ok(isYardError(error, "precondition"));
        assert.doesNotMatch(error.message, /s3cret-word/);
        return true;
      },
    );
  });

  test("a database that does not exist is refused by name", async () => {
    const { database, options } = await openPostgresForTest();
    await using _closing = database;
    const url = options.url.replace(/test_[0-9a-f]+/, "nowhere");
    await assert.rejects(openDatabase({ ...options, url }), (error) => {
      assert.ok(isYardError(error, "precondition"), String(error));
      assert.match(error.message, /nowhere/);
      return true;
    });
  });

  test("a server older than we need is refused", async () => {
    const { database } = await openPostgresForTest();
    await using _closing = database;
    await refuseOlder(database.kysely, database.location, 15);
    await assert.rejects(refuseOlder(database.kysely, database.location, 99), (error) =>
      isYardError(error, "precondition"),
    );
  });

  const killOthers = sql`select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()`;
  const insertLabel = (name: string) => sql`insert into labels (name, value, updated_at) values (${name}, '', 1)`;
  const labelsOf = async ({ kysely }: Database) => (await kysely.selectFrom("labels").select("name").execute()).length;

  /** Kills the connection of `work`, which takes a while, in the midst of it. */
  async function killDuring(database: Database, work: Promise<unknown>): Promise<void> {
    work.catch(() => {}); // whoever called looks at it
    const isAtIt = sql<{ count: number }>`select count(*) as count from pg_stat_activity
      where state = 'active' and wait_event = 'PgSleep' and datname = current_database()`;
    await until(async () => (await isAtIt.execute(database.kysely)).rows[0]!.count > 0);
    await killOthers.execute(database.kysely);
  }

  test("a transaction that loses its connection before it is to be committed is run again, and done once", async () => {
    const { database } = await openPostgresForTest();
    await using _closing = database;
    let runs = 0;
    await database.transaction(async (transaction) => {
      await insertLabel("a").execute(transaction);
      if (++runs === 1) await killOthers.execute(database.kysely); // while the transaction is idle
      await insertLabel("b").execute(transaction);
    });
    assert.equal(runs, 2);
    assert.equal(await labelsOf(database), 2);
  });

  test("one that loses it every time is given up", async () => {
    const { database } = await openPostgresForTest();
    await using _closing = database;
    const hopeless = database.transaction(async (transaction) => {
      await sql`select 1`.execute(transaction);
      await killOthers.execute(database.kysely);
      await sql`select 1`.execute(transaction);
    });
    await assert.rejects(hopeless, (error) => isYardError(error, "unavailable") && error.retryAfterMs !== undefined);
    await sql`select 1`.execute(database.kysely);
  });

  test("what only reads is read again when its connection is lost, also when all of them are", async () => {
    const { database } = await openPostgresForTest();
    await using _closing = database;
    const reads = Promise.all(
      Array.from({ length: 4 }, (_, i) =>
        sql<{ n: number }>`select pg_sleep(0.3), ${i}::int as n`.execute(database.kysely),
      ),
    );
    await killDuring(database, reads);
    assert.deepEqual(
      (await reads).map(({ rows }) => rows[0]?.n),
      [0, 1, 2, 3],
    );
  });

  test("what may have been done is not done again: its caller is told", async () => {
    const { database } = await openPostgresForTest();
    await using _closing = database;
    const writing = sql`insert into labels (name, value, updated_at) select 'slow', '', 1 from pg_sleep(30)`;
    const write = writing.execute(database.kysely);
    await killDuring(database, write);
    await assert.rejects(write, (error) => isYardError(error, "unavailable") && error.retryAfterMs !== undefined);
    assert.equal(await labelsOf(database), 0);
  });

  test("a transaction that is lost while it is committed is not run again, and its caller is told to look", async () => {
    const { database } = await openPostgresForTest();
    await using _closing = database;
    await sql`create function wait() returns trigger language plpgsql as 'begin perform pg_sleep(30); return null; end'`.execute(
      database.kysely,
    );
    await sql`create constraint trigger slow after insert on labels deferrable initially deferred for each row execute function wait()`.execute(
      database.kysely,
    );
    let runs = 0;
    const commit = database.transaction(async (transaction) => {
      runs++;
      await insertLabel("a").execute(transaction);
    });
    await killDuring(database, commit);
    await assert.rejects(
      commit,
      (error) => isYardError(error, "unavailable") && /Look whether it was/.test(error.message),
    );
    assert.equal(runs, 1);
  });

  test("a statement that takes too long is stopped by the server", async () => {
    const { database, options } = await openPostgresForTest();
    await using _closing = database;
    await using impatient = await openDatabase({ ...options, statementTimeoutMs: 200 });
    await assert.rejects(sql`select pg_sleep(30)`.execute(impatient.kysely), (error) => isYardError(error, "timeout"));
  });

  test("when all connections are busy for too long, the next caller is told so", async () => {
    const { database, options } = await openPostgresForTest();
    await using _closing = database;
    await using small = await openDatabase({ ...options, maxConnections: 1, connectTimeoutMs: 100 });
    await small.transaction(async (transaction) => {
      await sql`select 1`.execute(transaction);
      await assert.rejects(sql`select 1`.execute(small.kysely), (error) => {
        assert.ok(isYardError(error, "unavailable"));
        assert.match(error.message, /busy/);
        return true;
      });
    });
  });

  test("text that PostgreSQL cannot hold is the caller's error", async () => {
    const { database } = await openPostgresForTest();
    await using _closing = database;
    const insert = database.kysely.insertInto("settings").values({ key: "a\0b", value: "", updated_at: 1 }).execute();
    await assert.rejects(insert, (error) => isYardError(error, "invalid"));
  });
});

/** Accepts connections and never answers. */
async function silentServer(): Promise<AsyncDisposable & { port: number }> {
  const server: Server = createServer((socket) => void socket.on("error", () => {}).resume());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return { port: address.port, [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) };
}
