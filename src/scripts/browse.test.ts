import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { eachDialect, type TestDatabase } from "../platform/db/testing.ts";
import { createExecutionBrowser, type WantedExecutions } from "./browse.ts";
import { insertExecutions, type NewExecution } from "./execution-rows.ts";

async function add({ kysely }: TestDatabase, ...executions: Partial<NewExecution>[]): Promise<string[]> {
  const rows = executions.map((given) => ({
    ...{ id: randomUUID(), teamId: "team_a", createdAt: 1, session: null, heapIn: null, instanceId: "host_a" },
    ...given,
  }));
  await kysely.transaction().execute((trx) => insertExecutions(trx, rows));
  return rows.map(({ id }) => id);
}

eachDialect("executions that are looked through", (open) => {
  test("are in pages, the newest first, also those of one moment", async () => {
    await using database = await open();
    const { page } = createExecutionBrowser(database);
    const ids = await add(database, ...[1, 2, 2, 2, 3].map((createdAt) => ({ createdAt })), { teamId: "team_b" });
    const sameMoment = ids.slice(1, 4).sort().reverse();
    const seen: string[] = [];
    let from: WantedExecutions["from"];
    do {
      const { rows, next } = await page({ teamId: "team_a", from, limit: 2 });
      seen.push(...rows.map(({ id }) => id));
      from = next;
      if (seen.length === 2) await add(database, { createdAt: 4 }); // on no later page
    } while (from);
    assert.deepEqual(seen, [ids[4], ...sameMoment, ids[0]]);
  });

  test("are found by status, session, words and the beginning of their id", async () => {
    await using database = await open();
    const { page, running, withId } = createExecutionBrowser(database);
    const [first, second] = await add(database, { session: "s" }, { createdAt: 2 });
    await database.kysely
      .updateTable("executions")
      .set({ status: "failed", ended_at: 5, error: "It broke" })
      .where("id", "=", second!)
      .execute();
    const found = async (wanted: Partial<WantedExecutions>) =>
      (await page({ teamId: "team_a", from: undefined, limit: 9, ...wanted })).rows.map(({ id }) => id);
    assert.deepEqual(await found({ statuses: ["failed"] }), [second]);
    assert.deepEqual(await found({ session: "s" }), [first]);
    assert.deepEqual(await found({ matches: ({ error }) => error?.includes("broke") ?? false }), [second]);
    assert.equal(await running("team_a"), 1);
    assert.deepEqual(
      (await withId("team_a", first!.slice(0, 8).toUpperCase(), 5)).map(({ id }) => id),
      [first],
    );
    assert.deepEqual(await withId("team_b", first!, 5), []);
  });
});
