import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../clock.ts";
import { type Database, openDatabase } from "../db/database.ts";
import { eachDialect } from "../db/testing.ts";
import { isYardError } from "../errors.ts";
import { createEventLog, type EventLog } from "./event-log.ts";

const forEver = { maxRows: 1_000_000, maxAgeMs: 1_000_000_000 };

/** Stands still until a test moves `time`. */
function fakeClock(): Clock & { time: number } {
  const clock = { time: 1_000_000, now: () => clock.time, monotonic: () => clock.time };
  return clock;
}

eachDialect("the event log", (open) => {
  test("events come back in order with what was said", async () => {
    await using database = await open();
    const clock = fakeClock();
    await using log = createEventLog({ database, clock, retention: forEver });
    await log.append("app.added", "app_1", { name: "web" });
    clock.time += 5;
    await log.append("app.exited", "app_1", { code: null, tags: ["a", 1] });
    const events = await log.read({ limit: 10 });
    assert.deepEqual(
      events.map(({ seq, ...event }) => event),
      [
        { at: 1_000_000, topic: "app.added", subject: "app_1", data: { name: "web" } },
        { at: 1_000_005, topic: "app.exited", subject: "app_1", data: { code: null, tags: ["a", 1] } },
      ],
    );
  });

  test("a reader goes on from the last event it saw, of one topic or of all, and gets no more than it asked for", async () => {
    await using database = await open();
    await using log = createEventLog({ database, clock: fakeClock(), retention: forEver });
    for (let i = 0; i < 7; i++) await log.append(i % 2 === 0 ? "even" : "odd", String(i), i);
    assert.deepEqual(await readAll(log, { limit: 3 }), [0, 1, 2, 3, 4, 5, 6]);
    assert.deepEqual(await readAll(log, { limit: 2, topic: "odd" }), [1, 3, 5]);
    for (const limit of [0, -1, 1.5, 1_001, Number.NaN]) {
      await assert.rejects(log.read({ limit }), (error) => isYardError(error, "invalid") && error.field === "limit");
    }
  });

  test("a reader beside two processes that append misses nothing", async () => {
    await using database = await open();
    await using other = await openDatabase(database.options);
    await using one = createEventLog({ database, clock: fakeClock(), retention: forEver });
    await using two = createEventLog({ database: other, clock: fakeClock(), retention: forEver });
    const appending = Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        for (let turn = i % 7; turn > 0; turn--) await new Promise(setImmediate);
        await (i % 2 === 0 ? one : two).append("count", "", i);
      }),
    );
    const seen: unknown[] = [];
    let after = 0;
    let done = false;
    const appended = appending.then(() => (done = true));
    for (let last = false; !last; ) {
      last = done; // what is read after all was appended is the rest
      for (
        let page = await one.read({ after, limit: 10 });
        page.length > 0;
        page = await one.read({ after, limit: 10 })
      ) {
        seen.push(...page.map(({ data }) => data));
        after = page.at(-1)!.seq;
      }
      await new Promise(setImmediate);
    }
    await appended;
    assert.deepEqual(
      seen.sort((a, b) => Number(a) - Number(b)),
      Array.from({ length: 100 }, (_, i) => i),
    );
  });

  test("an event whose commit is slow holds back those that are numbered after it", async () => {
    await using database = await open();
    await using other = await openDatabase(database.options);
    const written = Promise.withResolvers<void>();
    const commit = Promise.withResolvers<void>();
    const slowly: Database = {
      ...other,
      transaction: (work, options) =>
        other.transaction(async (transaction) => {
          const result = await work(transaction);
          written.resolve();
          await commit.promise;
          return result;
        }, options),
    };
    await using slow = createEventLog({ database: slowly, clock: fakeClock(), retention: forEver });
    await using quick = createEventLog({ database, clock: fakeClock(), retention: forEver });
    using _release = { [Symbol.dispose]: () => commit.resolve() }; // also when an assertion fails: closing waits for it
    const first = slow.append("count", "", "first");
    await written.promise;
    const second = quick.append("count", "", "second");
    await sleep(100); // time enough for the second to pass by, if it could
    assert.deepEqual(await readAll(quick, { limit: 10 }), []);
    commit.resolve();
    await Promise.all([first, second]);
    assert.deepEqual(await readAll(quick, { limit: 10 }), ["first", "second"]);
  });

  test("appending keeps the number of rows near its bound, and trimming brings it there", async () => {
    await using database = await open();
    await using log = createEventLog({ database, clock: fakeClock(), retention: { ...forEver, maxRows: 20 } });
    for (let i = 0; i < 60; i++) await log.append("count", "", i);
    const kept = await readAll(log, { limit: 1_000 });
    assert.ok(kept.length <= 20 + 16 && kept.at(-1) === 59, `${kept}`);
    await using strict = createEventLog({ database, clock: fakeClock(), retention: { ...forEver, maxRows: 5 } });
    await strict.trim();
    assert.deepEqual(await readAll(log, { limit: 1_000 }), [55, 56, 57, 58, 59]);
  });

  test("events go when they are too old, and numbers are never given twice", async () => {
    await using database = await open();
    const clock = fakeClock();
    await using log = createEventLog({ database, clock, retention: { maxRows: 100, maxAgeMs: 60_000 } });
    await Promise.all([1, 2, 3].map((i) => log.append("count", "", i)));
    const last = (await log.read({ limit: 10 })).at(-1)!.seq;
    clock.time += 60_001;
    await log.trim();
    assert.deepEqual(await log.read({ limit: 10 }), []);
    await log.append("count", "", 4);
    const [next] = await log.read({ after: last, limit: 10 });
    assert.equal(next?.data, 4);
  });

  test("an event that is too large is refused, and does not hold up others", async () => {
    await using database = await open();
    await using log = createEventLog({ database, clock: fakeClock(), retention: forEver });
    const large = log.append("a", "b", "x".repeat(70_000));
    const fine = log.append("a", "b", "x".repeat(60_000));
    await assert.rejects(large, (error) => isYardError(error, "too_large"));
    await fine;
  });
});

async function readAll(log: EventLog, options: { limit: number; topic?: string }): Promise<unknown[]> {
  const all: unknown[] = [];
  for (let after = 0; ; ) {
    const page = await log.read({ ...options, after });
    assert.ok(page.length <= options.limit);
    all.push(...page.map(({ data }) => data));
    const last = page.at(-1);
    if (last === undefined) return all;
    after = last.seq;
  }
}
