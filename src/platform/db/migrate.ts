/** Forward-only migrations, run at every start. Each runs once, in a transaction of its own together with the row that says so:
 *  whichever moment a process dies at, the next start goes on from there. Processes that start together take turns. */
import type { QueryExecutorProvider, SchemaModule } from "kysely";
import { YardError } from "../errors.ts";
import type { Database, DialectName } from "./database.ts";

export interface Migration {
  /** Number and words, `0001-foundation`: never renamed once released. */
  readonly name: string;
  up(transaction: MigrationTransaction, dialect: DialectName): Promise<void>;
}

/** `schema` for tables, `sql` for rows. It knows no row types: what a migration does must not change when today's schema does. */
export type MigrationTransaction = QueryExecutorProvider & { readonly schema: SchemaModule };

type MigrationTable = { migrations: { name: string; applied_at: number } };

/** @throws {YardError} precondition, when the database knows a migration that this code does not: nothing is changed then */
export async function migrate(database: Database, migrations: readonly Migration[]): Promise<void> {
  while (await applyNext(database, migrations));
}

/** Applies the first migration that is missing. @returns whether there was one */
function applyNext(database: Database, migrations: readonly Migration[]): Promise<boolean> {
  return database.transaction(
    async (transaction) => {
      const tables = transaction.withTables<MigrationTable>();
      await tables.schema
        .createTable("migrations")
        .ifNotExists()
        .addColumn("name", "text", (column) => column.primaryKey())
        .addColumn("applied_at", "bigint", (column) => column.notNull())
        .execute();
      const rows = await tables.selectFrom("migrations").select("name").orderBy("name").execute();
      const applied = new Set(rows.map((row) => row.name));
      refuseNewer(database.location, applied, migrations);
      const next = migrations.find((migration) => !applied.has(migration.name));
      if (next === undefined) return false;
      await next.up(transaction, database.dialect);
      await tables.insertInto("migrations").values({ name: next.name, applied_at: Date.now() }).execute();
      return true;
    },
    { exclusive: "migrations" },
  );
}

function refuseNewer(location: string, applied: ReadonlySet<string>, migrations: readonly Migration[]): void {
  const known = new Set(migrations.map((migration) => migration.name));
  const unknown = [...applied].find((name) => !known.has(name));
  if (unknown === undefined) return;
  throw new YardError(
    "precondition",
    `The database ${location} was written by a newer version of Runyard (its migration ${unknown} is unknown to this one). ` +
      "Start that version, or restore a backup from before the upgrade.",
  );
}
