import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sql } from "kysely";
import { killAfterLines } from "../testing/killed-program.ts";
import { skipUnless } from "../testing/parts.ts";
import { openDatabase } from "./database.ts";
import { createEmptyDatabase } from "./testing.ts";
import { findPostgres } from "./testing-postgres.ts";

/** Commits one row after the other, alone and in transactions, waiting for the disk and not, in turn, and reports each on standard output once it is saved. */
const writer = (options: unknown, round: number) => `
  import { openDatabase } from ${JSON.stringify(import.meta.resolve("./database.ts"))};
  const { kysely, unsynced, transaction } = await openDatabase(${JSON.stringify(options)});
  for (let i = 0; ; i++) {
    const insert = (to) => to.insertInto("settings").values({ key: "${round}-" + i, value: "${round}", updated_at: i }).execute();
    const ways = [() => insert(kysely), () => transaction(insert), () => insert(unsynced), () => transaction(insert, { unsynced: true })];
    await ways[i % ways.length]();
    process.stdout.write(i + "\\n");
  }`;

for (const dialect of ["sqlite", "postgres"] as const) {
  const skip =
    dialect === "postgres" && skipUnless(findPostgres() !== undefined, "PostgreSQL", "apt-get install postgresql");

  describe(`durability on ${dialect}`, { skip }, () => {
    test("whatever a process reported as saved is there after it was killed, five times in a row", async () => {
      await using empty = await createEmptyDatabase(dialect);
      for (let round = 0; round < 5; round++) {
        const reported = (await killAfterLines(50 + 13 * round, writer(empty.options, round))).map(Number);
        await using database = await openDatabase(empty.options);
        // A server may carry out what a killed client has asked for last when that is long gone: each round has rows of its own.
        const ofRound = database.kysely.selectFrom("settings").where("value", "=", `${round}`);
        const rows = await ofRound.select("updated_at").execute();
        const saved = new Set(rows.map(({ updated_at }) => updated_at));
        assert.deepEqual(
          reported.filter((i) => !saved.has(i)),
          [],
        );
        if (dialect === "sqlite") {
          assert.deepEqual((await sql`PRAGMA integrity_check`.execute(database.kysely)).rows, [
            { integrity_check: "ok" },
          ]);
        }
      }
    });
  });
}
