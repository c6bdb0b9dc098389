import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Kysely, sql } from "kysely";
import { skipUnless } from "../../testing/parts.ts";
import { until } from "../../testing/until.ts";
import { type Database, openDatabase } from "../database.ts";
import type { Schema } from "../schema.ts";
import { openTestDatabase } from "../testing.ts";
import { findPostgres } from "../testing-postgres.ts";

const skip = skipUnless(findPostgres() !== undefined, "PostgreSQL", "apt-get install postgresql");

/** One connection, so that what it has prepared can be asked of it. */
async function openOne() {
  const database = await openTestDatabase("postgres");
  await using stack = new AsyncDisposableStack();
  stack.use(database);
  const one = stack.use(await openDatabase({ ...database.options, maxConnections: 1 } as typeof database.options));
  const lifetime = stack.move();
  return { one, other: database, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}

async function preparedNames({ kysely }: Database, part: string): Promise<readonly string[]> {
  const { rows } = await sql<{
    name: string;
  }>`select name from pg_prepared_statements where statement like ${`%${part}%`} order by name`.execute(kysely);
  return rows.map(({ name }) => name);
}

async function times(count: number, work: (i: number) => Promise<unknown>): Promise<void> {
  for (let i = 0; i < count; i++) await work(i);
}

const findRole = (db: Kysely<Schema>, name = "view") =>
  db.selectFrom("roles").selectAll().where("name", "=", name).executeTakeFirst();

describe("statements on PostgreSQL", { skip }, () => {
  test("what comes again and again is prepared once, what comes now and then is not", async () => {
    await using opened = await openOne();
    const { one } = opened;
    await times(3, () => sql`select ${1}::integer as seldom`.execute(one.kysely));
    await times(20, (i) => sql`select ${i}::integer as often`.execute(one.kysely));
    assert.equal((await preparedNames(one, "as often")).length, 1);
    assert.deepEqual(await preparedNames(one, "as seldom"), []);
  });

  test("so many different texts are prepared, and no more; lists of values are not", async () => {
    await using opened = await openOne();
    const { one } = opened;
    await times(6, () => sql`select 1 where 1 in (${sql.join(Array(21).fill(1))})`.execute(one.kysely));
    assert.deepEqual(await preparedNames(one, "select 1 where"), []);
    await times(220, (text) => times(6, () => sql`select ${1}::integer as ${sql.ref(`c${text}`)}`.execute(one.kysely)));
    const prepared = await preparedNames(one, 'as "c');
    assert.ok(prepared.length > 100 && prepared.length <= 200, `${prepared.length} are prepared`);
  });

  test("a table that gets another column meanwhile disturbs nobody", async () => {
    await using opened = await openOne();
    const { one, other } = opened;
    await other.kysely.insertInto("roles").values({ name: "view", permissions: "[]", updated_at: 1 }).execute();
    await times(10, () => findRole(one.kysely));
    await times(10, () => one.transaction((transaction) => findRole(transaction, "none")));
    await sql`alter table roles add column shade text`.execute(other.kysely);
    let runs = 0;
    const within = await one.transaction((transaction) => {
      runs++;
      return findRole(transaction);
    });
    assert.ok(within && "shade" in within);
    assert.equal(runs, 2);
    await sql`alter table roles add column shape text`.execute(other.kysely);
    assert.deepEqual(await findRole(one.kysely), { ...within, shape: null });
  });

  test("the plan for a table that was small does not outlive its growth", async () => {
    await using opened = await openOne();
    const { one } = opened;
    await sql`create table numbers (n integer)`.execute(one.kysely);
    await sql`create index numbers_n on numbers (n)`.execute(one.kysely);
    await sql`analyze numbers`.execute(one.kysely);
    const find = () => sql`select n from numbers where n = ${7}`.execute(one.kysely);
    await times(20, find);
    const [name] = await preparedNames(one, "from numbers where");
    const plan = async () => {
      const { rows } = await sql.raw<{ "QUERY PLAN": string }>(`explain execute ${name}(7)`).execute(one.kysely);
      return rows.map((row) => row["QUERY PLAN"]).join("\n");
    };
    await sql`set plan_cache_mode = force_generic_plan`.execute(one.kysely);
    await sql`alter table numbers set (autovacuum_enabled = off)`.execute(one.kysely);
    await find();
    assert.match(await plan(), /Seq Scan/);
    await sql`insert into numbers select generate_series(1, 50000)`.execute(one.kysely);
    await until(async () => {
      await find();
      return /Index|Bitmap/.test(await plan());
    });
  });
});
