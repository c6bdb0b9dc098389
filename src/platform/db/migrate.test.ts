import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { isYardError } from "../errors.ts";
import { skipUnless } from "../testing/parts.ts";
import { type DatabaseOptions, openDatabase } from "./database.ts";
import type { Migration } from "./migrate.ts";
import { migrations } from "./migrations/index.ts";
import { createEmptyDatabase } from "./testing.ts";
import { findPostgres } from "./testing-postgres.ts";

const table = (name: string): Migration => ({
  name,
  async up({ schema }) {
    await schema.createTable(`of_${name}`).addColumn("id", "text").execute();
  },
});

for (const dialect of ["sqlite", "postgres"] as const) {
  const skip =
    dialect === "postgres" && skipUnless(findPostgres() !== undefined, "PostgreSQL", "apt-get install postgresql");

  describe(`migrations on ${dialect}`, { skip }, () => {
    test("run once each, in order, and later ones are added on the next start", async () => {
      await using empty = await createEmptyDatabase(dialect);
      const runs: string[] = [];
      const counted = (name: string): Migration => ({ name, up: async () => void runs.push(name) });
      const [one, two, three] = [counted("1"), counted("2"), counted("3")];
      await openAndClose(empty.options, [one, two]);
      await openAndClose(empty.options, [one, two]);
      await openAndClose(empty.options, [one, two, three]);
      assert.deepEqual(runs, ["1", "2", "3"]);
    });

    test("one that fails leaves nothing of itself, what came before it stays, and it is tried again", async () => {
      await using empty = await createEmptyDatabase(dialect);
      const failing: Migration = {
        name: "2",
        async up(transaction, dialectName) {
          await table("2").up(transaction, dialectName);
          throw new Error("out of luck");
        },
      };
      await assert.rejects(openAndClose(empty.options, [table("1"), failing]), /out of luck/);
      // Had table 1 gone or table 2 stayed, making them (again) would fail.
      await openAndClose(empty.options, [table("1"), table("2")]);
    });

    test("a database of a newer version is refused in one line that names it, and is left as it is", async () => {
      await using empty = await createEmptyDatabase(dialect);
      await openAndClose(empty.options, [table("1"), table("2"), table("9")]);
      await assert.rejects(openAndClose(empty.options, [table("1"), table("2"), table("3")]), (error) => {
        assert.ok(isYardError(error, "precondition"));
        assert.match(error.message, /newer version.*\b9\b/);
        assert.match(error.message, empty.options.dialect === "sqlite" ? /test\.db/ : /test_[0-9a-f]+/);
        return true;
      });
      await openAndClose(empty.options, [table("1"), table("2"), table("9")]);
    });

    test("two processes that start at once both come up, and every migration ran once", async () => {
      await using empty = await createEmptyDatabase(dialect);
      const starts = [startProcess(empty.options), startProcess(empty.options)];
      for (const { exited, output } of starts) assert.deepEqual([await exited, await output], [[0, null], ""]);
      await using database = await openDatabase(empty.options);
      const rows = await database.kysely
        .withTables<{ migrations: { name: string } }>()
        .selectFrom("migrations")
        .select("name")
        .orderBy("name")
        .execute();
      assert.deepEqual(
        rows.map(({ name }) => name),
        migrations.map(({ name }) => name),
      );
    });
  });
}

async function openAndClose(options: DatabaseOptions, list: readonly Migration[]): Promise<void> {
  await using _database = await openDatabase(options, { migrations: list });
}

/** Opens the database in a process of its own. `output` is what it complained about. */
function startProcess(options: DatabaseOptions): { exited: Promise<unknown[]>; output: Promise<string> } {
  const source = `
    import { openDatabase } from ${JSON.stringify(import.meta.resolve("./database.ts"))};
    await using database = await openDatabase(${JSON.stringify(options)});`;
  const child: ChildProcess = spawn(process.execPath, ["--input-type=module-typescript", "--eval", source], {
    stdio: ["ignore", "inherit", "pipe"],
  });
  return { exited: once(child, "exit"), output: text(child.stderr!) };
}
