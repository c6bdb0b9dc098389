import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import { describe, test } from "node:test";
import { sql } from "kysely";
import { isYardError } from "../../errors.ts";
import { skipUnless } from "../../testing/parts.ts";
import { type DatabaseOptions, openDatabase } from "../database.ts";
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

  test("lost connections are errors of their users only: the next query gets a new one", async () => {
    const { database } = await openPostgresForTest();
    await using _closing = database;
    const killAll = sql`select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()`;

    const interrupted = database.transaction(async (transaction) => {
      await sql`select 1`.execute(transaction);
      await killAll.execute(database.kysely); // while the transaction is idle
      await sql`select 1`.execute(transaction);
    });
    await assert.rejects(interrupted, (error) => isYardError(error, "unavailable"));

    const sleeping = sql`select pg_sleep(30)`.execute(database.kysely);
    const refused = assert.rejects(sleeping, (error) => isYardError(error, "unavailable"));
    await sql`select 1`.execute(database.kysely);
    await killAll.execute(database.kysely);
    await refused;

    await sql`select 1`.execute(database.kysely);
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
