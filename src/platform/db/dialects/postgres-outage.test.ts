import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { isYardError } from "../../errors.ts";
import { skipUnless } from "../../testing/parts.ts";
import { until } from "../../testing/until.ts";
import { type DatabaseOptions, openDatabase } from "../database.ts";
import { findPostgres, startPostgres, type TestPostgres } from "../testing-postgres.ts";
import { createOutageGate } from "./postgres-outage.ts";

const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
const isUnavailable = (error: unknown) => isYardError(error, "unavailable");
const inTenSeconds = () => performance.now() + 10_000;

test("while the server is away one of all callers tries, and when it is back all go on", async () => {
  let probes = 0;
  let isBack = false;
  const probe = async () => {
    probes++;
    if (!isBack) throw refused;
  };
  using gate = createOutageGate({ location: "here", probe });
  await gate.pass(inTenSeconds());
  gate.begin(refused);
  const callers = Promise.all(Array.from({ length: 500 }, () => gate.pass(inTenSeconds())));
  await until(() => probes >= 3);
  assert.ok(probes < 20, `${probes} probes`);
  isBack = true;
  await callers;
  await gate.pass(inTenSeconds());
});

test("who has waited for long enough, or comes when too many wait, or when it is closed, is sent away", async () => {
  const gate = createOutageGate({ location: "here", probe: () => Promise.reject(refused), mostWaiting: 2 });
  gate.begin(refused);
  await assert.rejects(gate.pass(performance.now() + 20), isUnavailable);
  const waiting = [gate.pass(inTenSeconds()), gate.pass(inTenSeconds())];
  await assert.rejects(gate.pass(inTenSeconds()), isUnavailable);
  gate[Symbol.dispose]();
  for (const one of waiting) await assert.rejects(one, isUnavailable);
});

test("a server that is there and refuses is nothing to wait for", async () => {
  const probe = () => Promise.reject(Object.assign(new Error("no such database"), { code: "3D000" }));
  using gate = createOutageGate({ location: "here", probe });
  gate.begin(refused);
  await gate.pass(inTenSeconds());
});

const skip = skipUnless(findPostgres() !== undefined, "PostgreSQL", "apt-get install postgresql");

describe("an outage of PostgreSQL", { skip }, () => {
  let postgres: TestPostgres;
  let options: DatabaseOptions;
  before(async () => {
    postgres = await startPostgres(findPostgres()!);
    await postgres.administer("create database yard");
    options = { dialect: "postgres", url: postgres.url("yard"), maxConnections: 5 };
  });
  after(() => postgres[Symbol.asyncDispose]());

  for (const signal of ["INT", "QUIT"] as const) {
    test(`costs waiting only: all that is asked meanwhile is done once the server is back (${signal})`, async () => {
      await using database = await openDatabase(options);
      const insert = (name: string) =>
        database.transaction(async (transaction) => {
          await transaction.insertInto("labels").values({ name, value: "", updated_at: 1 }).execute();
        });
      await insert(`${signal} before`);
      await Promise.all(Array.from({ length: 5 }, () => sql`select 1`.execute(database.kysely))); // connections to lose
      await postgres.halt(signal);
      const names = Array.from({ length: 50 }, (_, i) => `${signal} ${i}`);
      const writes = Promise.all(names.map(insert));
      const reads = Promise.all(names.map(() => sql`select 1`.execute(database.kysely)));
      await sleep(300);
      await postgres.start();
      await Promise.all([writes, reads]);
      const rows = await database.kysely
        .selectFrom("labels")
        .select("name")
        .where("name", "like", `${signal} %`)
        .execute();
      assert.equal(rows.length, names.length + 1);
    });
  }

  test("that takes too long is told to those who wait, with a time to come back", async () => {
    await using database = await openDatabase({ ...options, outageWaitMs: 100 } as DatabaseOptions);
    await postgres.halt();
    await assert.rejects(sql`select 1`.execute(database.kysely), (error) => {
      assert.ok(isYardError(error, "unavailable"), String(error));
      assert.ok(error.retryAfterMs !== undefined && error.retryAfterMs >= 1_000);
      return true;
    });
    await postgres.start();
    await until(() => sql`select 1`.execute(database.kysely).catch(() => undefined)); // it may give up once more, so short is its patience
  });

  test("does not hold up closing", async () => {
    const database = await openDatabase(options);
    await postgres.halt();
    const waiting = assert.rejects(sql`select 1`.execute(database.kysely), isUnavailable);
    await sleep(50);
    await database[Symbol.asyncDispose]();
    await waiting;
    await postgres.start();
  });
});
