/** A PostgreSQL of the benchmark's own, each commit of which is synced. */
import { findPostgres, startPostgres, type TestPostgres } from "../../src/platform/db/testing-postgres.ts";

/** With these databases, all empty. @throws {Error} if it is not installed */
export async function openPostgres(databases: readonly string[]): Promise<TestPostgres> {
  const binaries = findPostgres();
  if (binaries === undefined) throw new Error("PostgreSQL is not installed: apt-get install postgresql");
  await using opened = new AsyncDisposableStack();
  const postgres = opened.use(await startPostgres(binaries, { isDurable: true }));
  for (const database of databases) await postgres.administer(`create database ${database}`);
  const lifetime = opened.move();
  return { ...postgres, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}
