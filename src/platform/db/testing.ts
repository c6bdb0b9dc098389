/** Real databases for tests: a new SQLite file or a new PostgreSQL database for each, gone with the test.
 *
 *      eachDialect("users", (open) => {
 *        test("a name is taken once", async () => {
 *          await using database = await open();
 *          …
 *        });
 *      }); */
import { randomBytes } from "node:crypto";
import { copyFileSync } from "node:fs";
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

/** An empty database with all tables, copied from one that was migrated once. */
export async function openTestDatabase(dialect: DialectName): Promise<TestDatabase> {
  await using opened = new AsyncDisposableStack();
  migrated[dialect] ??= createMigrated(dialect);
  const { options } = opened.use(await copyOf((await migrated[dialect]).options));
  const database = opened.use(await openDatabase(options));
  const lifetime = opened.move();
  return { ...database, options, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}

/** One without any table, for tests of opening. */
export async function createEmptyDatabase(dialect: DialectName): Promise<Created> {
  return dialect === "sqlite" ? createFile() : createInServer("template1");
}

interface Created extends AsyncDisposable {
  readonly options: DatabaseOptions;
}

/** A database of each dialect in which every migration has run and nobody is, for all tests of this process. */
const migrated: Partial<Record<DialectName, Promise<Created>>> = {};

async function createMigrated(dialect: DialectName): Promise<Created> {
  const created = await createEmptyDatabase(dialect);
  const database = await openDatabase(created.options);
  await database[Symbol.asyncDispose]();
  return created;
}

async function copyOf(original: DatabaseOptions): Promise<Created> {
  if (original.dialect === "postgres") return createInServer(new URL(original.url).pathname.slice(1));
  const copy = createFile();
  copyFileSync(original.path, copy.options.path);
  return copy;
}

function createFile() {
  const directory = temporaryDirectory();
  return {
    options: { dialect: "sqlite", path: join(directory.path, "test.db") } as const,
    [Symbol.asyncDispose]: async () => directory[Symbol.dispose](),
  };
}

/** @param template the database of the same server that the new one begins as a copy of */
async function createInServer(template: string): Promise<Created> {
  const postgres = await sharedPostgres();
  const name = `test_${randomBytes(6).toString("hex")}`;
  await postgres.administer(`create database ${name} template ${template}`);
  return {
    options: { dialect: "postgres", url: postgres.url(name), maxConnections: 5 },
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
  const file = await migrated.sqlite?.catch(() => undefined);
  await file?.[Symbol.asyncDispose]();
  const postgres = await shared?.catch(() => undefined);
  await postgres?.[Symbol.asyncDispose]();
});
