import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../platform/clock.ts";
import { eachDialect } from "../platform/db/testing.ts";
import { createAudit } from "./audit.ts";
import { createAuditPages } from "./audit-pages.ts";

eachDialect("the audit log, looked through", (open) => {
  test("is in pages, the newest first, and what comes meanwhile is on none of the later ones", async () => {
    await using database = await open();
    await using audit = createAudit({ database, clock: systemClock });
    const record = (action: string) =>
      audit.record({ actor: { id: null, name: "x" }, api: "test", action, target: "", outcome: "done" });
    for (const action of ["a", "b", "a", "b", "a"]) await record(action);
    const { page } = createAuditPages(database);
    const first = await page({ from: undefined, limit: 2 });
    await record("c");
    const second = await page({ from: first.next, limit: 2 });
    const third = await page({ from: second.next, limit: 2 });
    assert.deepEqual(
      [first, second, third].map(({ rows }) => rows.map(({ seq }) => seq)),
      [[5, 4], [3, 2], [1]],
    );
    assert.equal(third.next, undefined);
    const { rows } = await page({ from: undefined, limit: 9, matches: ({ action }) => action === "b" });
    assert.deepEqual(
      rows.map(({ seq }) => seq),
      [4, 2],
    );
  });
});
