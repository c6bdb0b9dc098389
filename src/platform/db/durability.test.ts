import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { sql } from "kysely";
import { skipUnless } from "../testing/parts.ts";
import { openDatabase } from "./database.ts";
import { createEmptyDatabase } from "./testing.ts";
import { findPostgres } from "./testing-postgres.ts";

/** Commits one row after the other, alone and in transactions in turn, and reports each on standard output once it is saved. */
const writer = (options: unknown) => `
  import { openDatabase } from ${JSON.stringify(import.meta.resolve("./database.ts"))};
  const { kysely, transaction } = await openDatabase(${JSON.stringify(options)});
  for (let i = 0; ; i++) {
    const insert = (to) => to.insertInto("settings").values({ key: String(i), value: "", updated_at: i }).execute();
    await (i % 2 === 0 ? insert(kysely) : transaction(insert));
    process.stdout.write(i + "\\n");
  }`;

for (const dialect of ["sqlite", "postgres"] as const) {
  const skip =
    dialect === "postgres" && skipUnless(findPostgres() !== undefined, "PostgreSQL", "apt-get install postgresql");

  describe(`durability on ${dialect}`, { skip }, () => {
    test("whatever a process reported as saved is there after it was killed, five times in a row", async () => {
      await using empty = await createEmptyDatabase(dialect);
      for (let round = 0; round < 5; round++) {
        const reported = await killAfter(50 + 13 * round, writer(empty.options));
        await using database = await openDatabase(empty.options);
        const rows = await database.kysely.selectFrom("settings").select("updated_at").execute();
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
        await database.kysely.deleteFrom("settings").execute();
      }
    });
  });
}

/** Runs the program and kills it in the middle of its work. @returns the numbers it had printed, at least `count` */
async function killAfter(count: number, source: string): Promise<readonly number[]> {
  const child = spawn(process.execPath, ["--input-type=module-typescript", "--eval", source], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const numbers: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    numbers.push(Number(line));
    if (numbers.length === count) child.kill("SIGKILL");
  }
  assert.deepEqual(await exited, [null, "SIGKILL"]);
  return numbers;
}
