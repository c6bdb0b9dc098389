import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../clock.ts";
import { eachDialect } from "../db/testing.ts";
import { createEventLog } from "./event-log.ts";
import { createEventPages, type WantedEvents } from "./event-pages.ts";

eachDialect("the log of events, looked through", (open) => {
  test("is in pages from either end", async () => {
    await using database = await open();
    await using log = createEventLog({ database, clock: systemClock, retention: { maxRows: 100, maxAgeMs: 60_000 } });
    for (const [topic, subject] of [
      ["app.added", "x"],
      ["app.exited", "x"],
      ["app.added", "y"],
    ] as const)
      await log.append(topic, subject, { by: subject });
    const { page } = createEventPages(database);
    const found = async (wanted: Partial<WantedEvents>) => {
      const { rows, next } = await page({ order: "oldest", from: undefined, limit: 9, ...wanted });
      return { events: rows.map(({ topic, subject }) => `${topic} ${subject}`), next };
    };
    const oldest = await found({ limit: 2 });
    assert.deepEqual(oldest.events, ["app.added x", "app.exited x"]);
    assert.deepEqual(await found({ limit: 2, from: oldest.next }), { events: ["app.added y"], next: undefined });
    const newest = await found({ order: "newest", limit: 1 });
    assert.deepEqual(newest.events, ["app.added y"]);
    assert.deepEqual((await found({ order: "newest", from: newest.next })).events, ["app.exited x", "app.added x"]);
    assert.deepEqual((await found({ topic: "app.added", subject: "y" })).events, ["app.added y"]);
    assert.deepEqual((await found({ matches: ({ data }) => JSON.stringify(data) === '{"by":"y"}' })).events, [
      "app.added y",
    ]);
  });
});
