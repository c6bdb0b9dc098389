/** Real databases for tests: a new SQLite file or a new PostgreSQL database for each, gone with the test.
 *
 *      eachDialect("users", (open) => {
 *        test("a name is taken once", async () => {
 *          await using database = await open();
 *          …
 *        });
 *      }); */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { after, describe } from "node:test";
import { skipUnless } from "../testing/parts.ts";
import { temporaryDirectory } from "../testing/temporary-directory.ts";
import { type Database, type DatabaseOptions, type DialectName, openDatabase } from "./database.ts";
import { findPostgres, startPostgres, type TestPostgres } from "./testing-postgres.ts";

export interface TestDatabase extends Database {
  /** To open the same one again, here or in another process. */
  readonly options: DatabaseOptions;
}

/** A suite for each dialect. Without PostgreSQL its suite is skipped aloud, under `CI=true` it fails. */
export function eachDialect(
  name: string,
  define: (open: () => Promise<TestDatabase>, dialect: DialectName) => void,
): void {
  describe(`${name}, on SQLite`, () => define(() => openTestDatabase("sqlite"), "sqlite"));
  const skip = skipUnless(findPostgres() !== undefined, "PostgreSQL", "apt-get install postgresql");
  describe(`${name}, on PostgreSQL`, { skip }, () => define(() => openTestDatabase("postgres"), "postgres"));
}

/** An empty database with all tables. */
export async function openTestDatabase(dialect: DialectName): Promise<TestDatabase> {
  await using opened = new AsyncDisposableStack();
  const { options } = opened.use(await createEmptyDatabase(dialect));
  const database = opened.use(await openDatabase(options));
  const lifetime = opened.move();
  return { ...database, options, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}

/** One without any table, for tests of opening. */
export async function createEmptyDatabase(
  dialect: DialectName,
): Promise<AsyncDisposable & { readonly options: DatabaseOptions }> {
  if (dialect === "sqlite") {
    const directory = temporaryDirectory();
    return {
      options: { dialect, path: join(directory.path, "test.db") },
      [Symbol.asyncDispose]: async () => directory[Symbol.dispose](),
    };
  }
  const postgres = await sharedPostgres();
  const name = `test_${randomBytes(6).toString("hex")}`;
  await postgres.administer(`create database ${name}`);
  return {
    options: { dialect, url: postgres.url(name), maxConnections: 5 },
    [Symbol.asyncDispose]: () => postgres.administer(`drop database ${name} with (force)`),
  };
}

let shared: Promise<TestPostgres> | undefined;

/** One server for all tests of this process. */
function sharedPostgres(): Promise<TestPostgres> {
  const binaries = findPostgres();
  if (binaries === undefined) throw new Error("PostgreSQL is not installed: apt-get install postgresql");
  shared ??= startPostgres(binaries);
  return shared;
}

after(async () => {
  const postgres = await shared?.catch(() => undefined);
  await postgres?.[Symbol.asyncDispose]();
});
