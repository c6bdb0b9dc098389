import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Clock, systemClock } from "../clock.ts";
import type { Database } from "../db/database.ts";
import { eachDialect, openTestDatabase } from "../db/testing.ts";
import { findPostgres } from "../db/testing-postgres.ts";
import { createLog } from "../log.ts";
import { skipUnless } from "../testing/parts.ts";
import { until } from "../testing/until.ts";
import { openInstances } from "./instances.ts";

const log = createLog({ level: "silent" });
const times = { leaseMs: 400, renewMs: 50 };

function open(database: Database, id: string, changes: { clock?: Clock; times?: typeof times } = {}) {
  const self = { id, name: `name of ${id}` };
  return openInstances({ database, clock: systemClock, log, self, essential: (work) => work(), times, ...changes });
}

eachDialect("instances", (openDatabase) => {
  test("a yard is live while it is open, and gone as soon as it has stopped", async () => {
    await using database = await openDatabase();
    {
      await using one = await open(database, "host_1");
      assert.deepEqual(await one.find("host_1"), { name: "name of host_1", isLive: true });
      assert.equal(await one.find("host_2"), undefined);
    }
    await using two = await open(database, "host_2");
    assert.deepEqual(await two.find("host_1"), { name: "name of host_1", isLive: false });
  });

  test("one that starts again on its data directory is live again", async () => {
    await using database = await openDatabase();
    await (await open(database, "host_1"))[Symbol.asyncDispose]();
    await using again = await open(database, "host_1");
    assert.equal((await again.find("host_1"))?.isLive, true);
  });
});

const skip = skipUnless(findPostgres() !== undefined, "PostgreSQL", "apt-get install postgresql");

describe("instances that share a database", { skip }, () => {
  const leave = (database: Database, id: string) =>
    database.kysely.insertInto("instances").values({ id, name: id, lease_until: 1, gone_at: null }).execute();

  test("a lease is renewed for as long as its yard lives", async () => {
    await using database = await openTestDatabase("postgres");
    await using one = await open(database, "host_1");
    await using two = await open(database, "host_2");
    using _gone = two.onGone(async () => assert.fail("nobody is gone"));
    await sleep(times.leaseMs * 2);
    assert.equal((await two.find("host_1"))?.isLive, true);
    assert.equal((await one.find("host_2"))?.isLive, true);
  });

  test("one that died without a word is found to be gone, but not before who judges it has lived for a lease's time", async () => {
    await using database = await openTestDatabase("postgres");
    await leave(database, "host_dead");
    const began = performance.now();
    await using one = await open(database, "host_1");
    const gone = Promise.withResolvers<void>();
    using _listens = one.onGone(async () => gone.resolve());
    await gone.promise;
    assert.ok(performance.now() - began >= times.leaseMs);
    const row = await database.kysely
      .selectFrom("instances")
      .selectAll()
      .where("id", "=", "host_dead")
      .executeTakeFirst();
    assert.notEqual(row?.gone_at, null);
  });

  test("who has lost the database for longer than a lease judges nobody until it has had it for that long again", async () => {
    await using database = await openTestDatabase("postgres");
    let away = 0;
    const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + away };
    await using one = await open(database, "host_1", { clock, times: { leaseMs: 60_000, renewMs: 20 } });
    away += 59_000; // as if it had renewed all the time
    await sleep(60);
    away += 120_000; // and now has not
    await leave(database, "host_overdue");
    await sleep(100);
    const overdue = () => database.kysely.selectFrom("instances").selectAll().where("id", "=", "host_overdue");
    assert.equal((await overdue().executeTakeFirstOrThrow()).gone_at, null);
    assert.equal((await one.find("host_overdue"))?.isLive, false, "yet nothing is started there");
    away += 50_000;
    await sleep(60);
    away += 30_000; // a lease's time since it has come back
    await until(async () => (await overdue().executeTakeFirstOrThrow()).gone_at !== null);
  });

  test("one that was taken to be gone learns of it, drops what it did, and begins anew", async () => {
    await using database = await openTestDatabase("postgres");
    await using one = await open(database, "host_1");
    let fenced = 0;
    using _listens = one.onFenced(async () => void fenced++);
    await database.kysely.updateTable("instances").set({ gone_at: 5 }).where("id", "=", "host_1").execute();
    await until(() => fenced === 1);
    await until(async () => (await one.find("host_1"))?.isLive);
    await sleep(times.renewMs * 3);
    assert.equal(fenced, 1);
  });
});
