/** What every dialect of the database must do: the real definition of `Database`. Each is handed to `describeStore` by database.test.ts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../testing/until.ts";
import { isUniqueViolation } from "./constraints.ts";
import { type Database, openDatabase } from "./database.ts";
import { atRun, prepareQuery } from "./prepared.ts";
import type { RoleRow, UserRow } from "./schema.ts";
import { eachDialect, type TestDatabase } from "./testing.ts";

type Open = () => Promise<TestDatabase>;
type Selected = Pick<RoleRow, "name" | "permissions" | "updated_at">;

export function describeStore(): void {
  eachDialect("the store", (open) => {
    describeValues(open);
    describeConstraints(open);
    describeTransactions(open);
    describeRaces(open);
  });
}

function describeValues(open: Open): void {
  test("numbers beyond 32 bits, counts, sums and any text come back as they were", async () => {
    await using database = await open();
    const name = "Zoë 🦊 \u0001 'quoted' \"double\" \\ %_";
    await insertSetting(database, name, "x".repeat(100_000), Number.MAX_SAFE_INTEGER);
    await insertSetting(database, "other", "", -1);
    const row = await database.kysely.selectFrom("settings").selectAll().where("key", "=", name).executeTakeFirst();
    assert.deepEqual(row, { key: name, value: "x".repeat(100_000), updated_at: Number.MAX_SAFE_INTEGER });
    const totals = await database.kysely
      .selectFrom("settings")
      .select((eb) => [
        eb.fn.countAll().as("rows"),
        eb.fn.sum("updated_at").as("sum"),
        eb.fn.max("updated_at").as("max"),
      ])
      .executeTakeFirst();
    assert.deepEqual(totals, { rows: 2, sum: Number.MAX_SAFE_INTEGER - 1, max: Number.MAX_SAFE_INTEGER });
  });

  test("text sorts and compares by its bytes, whatever the machine's language", async () => {
    await using database = await open();
    for (const key of ["b", "B", "a", "_", "ä", "-", "A"]) await insertSetting(database, key);
    const rows = await database.kysely.selectFrom("settings").select("key").orderBy("key").execute();
    assert.deepEqual(
      rows.map(({ key }) => key),
      ["-", "A", "B", "_", "a", "b", "ä"],
    );
  });

  test("text in a number's column is refused", async () => {
    await using database = await open();
    await assert.rejects(
      database.kysely
        .insertInto("settings")
        .values({ key: "a", value: "b", updated_at: "soon" as never })
        .execute(),
    );
  });

  test("a prepared query runs with the values of each call", async () => {
    await using database = await open();
    const { kysely } = database;
    for (const name of ["one", "two"])
      await kysely.insertInto("roles").values({ name, permissions: "[]", updated_at: 7 }).execute();
    const findRole = prepareQuery<{ name: string; since: number }, Selected>(kysely, (slot) =>
      kysely
        .selectFrom("roles")
        .select(["name", "permissions", "updated_at"])
        .where("name", "=", slot("name"))
        .where("updated_at", ">=", slot("since"))
        .limit(1),
    );
    assert.deepEqual(await findRole({ name: "one", since: 7 }), [{ name: "one", permissions: "[]", updated_at: 7 }]);
    assert.deepEqual(await findRole({ name: "two", since: 1 }), [{ name: "two", permissions: "[]", updated_at: 7 }]);
    assert.deepEqual(await findRole({ name: "two", since: 8 }), []);
    let time = 6;
    const findOld = prepareQuery<{ name: string }, Selected>(kysely, (slot) =>
      kysely
        .selectFrom("roles")
        .select(["name", "permissions", "updated_at"])
        .where("name", "=", slot("name"))
        .where(
          "updated_at",
          "<",
          atRun(() => ++time),
        ),
    );
    assert.equal((await findOld({ name: "one" })).length, 0);
    assert.equal((await findOld({ name: "one" })).length, 1);
  });

  test("changes say how many rows they touched, and return the rows that were asked for", async () => {
    await using database = await open();
    for (const key of ["a", "b", "c"]) await insertSetting(database, key);
    const updated = await database.kysely
      .updateTable("settings")
      .set({ value: "new" })
      .where("key", "<", "c")
      .executeTakeFirst();
    assert.equal(updated.numUpdatedRows, 2n);
    const returned = await database.kysely
      .deleteFrom("settings")
      .where("key", "=", "a")
      .returning(["key", "value"])
      .execute();
    assert.deepEqual(returned, [{ key: "a", value: "new" }]);
    const deleted = await database.kysely.deleteFrom("settings").executeTakeFirst();
    assert.equal(deleted.numDeletedRows, 2n);
  });
}

function describeConstraints(open: Open): void {
  test("a second row of the same name is a unique violation of that column and of no other", async () => {
    await using database = await open();
    await insertUser(database, { id: "user_1", username: "ada", email: "ada@example.org" });
    const sameName = insertUser(database, { id: "user_2", username: "ada", email: "other@example.org" });
    await assert.rejects(sameName, (error) => {
      assert.equal(isUniqueViolation(error, "users.username_key"), true);
      assert.equal(isUniqueViolation(error, "users.email_key"), false);
      return isUniqueViolation(error);
    });
    await assert.rejects(insertUser(database, { id: "user_1", username: "eve", email: null }), (error) =>
      isUniqueViolation(error),
    );
    await insertUser(database, { id: "user_3", username: "bob", email: null });
    await insertUser(database, { id: "user_4", username: "cyd", email: null });
  });

  test("rows go with what they belong to, but apps and the audit log stay", async () => {
    await using database = await open();
    const { kysely } = database;
    await insertUser(database, { id: "user_1", username: "ada", email: null });
    const times = { created_at: 1, expires_at: 2 };
    await kysely
      .insertInto("sessions")
      .values({ id: "s", user_id: "user_1", audience: "yard", api: "appmesh", ...times })
      .execute();
    await kysely
      .insertInto("refresh_tokens")
      .values({ hash: "h", session_id: "s", ...times })
      .execute();
    const app = { id: "app_1", name: "web", definition: "{}", enabled: 1, revision: 1, created_at: 1, updated_at: 1 };
    await kysely
      .insertInto("apps")
      .values({ ...app, owner_id: "user_1" })
      .execute();
    const entry = { actor_name: "ada", api: "yard", action: "user.delete", target: "ada", details: "{}", hash: "00" };
    await kysely
      .insertInto("audit_entries")
      .values({ ...entry, seq: 1, at: 1, actor_id: "user_1", outcome: "done" })
      .execute();
    await kysely.deleteFrom("users").where("id", "=", "user_1").execute();
    assert.deepEqual(await kysely.selectFrom("refresh_tokens").select("hash").execute(), []);
    assert.deepEqual(await kysely.selectFrom("apps").select("owner_id").execute(), [{ owner_id: null }]);
    assert.deepEqual(await kysely.selectFrom("audit_entries").select("actor_id").execute(), [{ actor_id: "user_1" }]);
    await assert.rejects(kysely.insertInto("user_roles").values({ user_id: "nobody", role_name: "view" }).execute());
  });
}

function describeTransactions(open: Open): void {
  test("a transaction that throws leaves nothing behind, and its own error comes out", async () => {
    await using database = await open();
    const failing = database.transaction(async (transaction) => {
      await transaction.insertInto("settings").values({ key: "a", value: "", updated_at: 1 }).execute();
      throw new Error("changed my mind");
    });
    await assert.rejects(failing, /changed my mind/);
    assert.equal(await countSettings(database), 0);
  });

  test("a read beside an open transaction does not wait for it, and sees only what is committed", {
    timeout: 10_000,
  }, async () => {
    await using database = await open();
    await insertSetting(database, "before");
    await database.transaction(async (transaction) => {
      await transaction.insertInto("settings").values({ key: "during", value: "", updated_at: 1 }).execute();
      assert.equal(await countSettings(database), 1);
    });
    assert.equal(await countSettings(database), 2);
  });

  test("a transaction cannot be used after it has ended", async () => {
    await using database = await open();
    const ended = await database.transaction(async (transaction) => ({ transaction }));
    await assert.rejects(
      ended.transaction.insertInto("settings").values({ key: "late", value: "", updated_at: 1 }).execute(),
    );
    assert.equal(await countSettings(database), 0);
  });

  test("what was committed is there when the database is opened again, and opening it again changes nothing", async () => {
    await using database = await open();
    await insertSetting(database, "kept");
    await using again = await openDatabase(database.options);
    assert.equal(await countSettings(again), 1);
    await insertSetting(again, "by another");
    assert.equal(await countSettings(database), 2);
  });

  test("closing waits for the transaction that is under way", async () => {
    await using database = await open();
    const other = await openDatabase(database.options);
    const begun = Promise.withResolvers<void>();
    const work = other.transaction(async (transaction) => {
      await transaction.insertInto("settings").values({ key: "a", value: "", updated_at: 1 }).execute();
      begun.resolve();
      await new Promise(setImmediate);
      await transaction.insertInto("settings").values({ key: "b", value: "", updated_at: 1 }).execute();
    });
    await begun.promise;
    await Promise.all([work, other[Symbol.asyncDispose]()]);
    assert.equal(await countSettings(database), 2);
    await assert.rejects(countSettings(other));
  });
}

function describeRaces(open: Open): void {
  test("transactions that read and then write lose no update, from one process or two", async () => {
    await using database = await open();
    await using other = await openDatabase(database.options);
    await insertSetting(database, "counter", "0");
    const increments = Array.from({ length: 20 }, (_, i) => increment(i % 2 === 0 ? database : other));
    await Promise.all(increments);
    const { value } = await database.kysely.selectFrom("settings").select("value").executeTakeFirstOrThrow();
    assert.equal(value, "20");
  });

  test("of two that each check a rule over several rows and then break it, one fails or comes second", async () => {
    await using database = await open();
    for (const key of ["admin_1", "admin_2"]) await insertSetting(database, key, "active");
    let readers = 0;
    // Each may lock an administrator only while another one is left.
    const lockOne = (key: string) =>
      database.transaction(async (transaction) => {
        const active = await transaction.selectFrom("settings").select("key").where("value", "=", "active").execute();
        readers++;
        await until(() => readers >= 2, { timeoutMs: 200 }).catch(() => {}); // where both may read at once, let them
        if (active.length < 2) throw new Error("the last one");
        await transaction.updateTable("settings").set({ value: "locked" }).where("key", "=", key).execute();
      });
    const outcomes = await Promise.allSettled([lockOne("admin_1"), lockOne("admin_2")]);
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  });

  test("exclusive transactions run one after the other, each seeing the last one's commit, and none is run twice", async () => {
    await using database = await open();
    await using other = await openDatabase(database.options);
    let runs = 0;
    const appendNext = (to: Database) =>
      to.transaction(
        async (transaction) => {
          runs++;
          const rows = await transaction
            .selectFrom("settings")
            .select("updated_at")
            .orderBy("updated_at", "desc")
            .limit(1)
            .execute();
          const next = (rows[0]?.updated_at ?? 0) + 1;
          await transaction
            .insertInto("settings")
            .values({ key: `link ${next}`, value: "", updated_at: next })
            .execute();
        },
        { exclusive: "chain" },
      );
    await Promise.all(Array.from({ length: 20 }, (_, i) => appendNext(i % 2 === 0 ? database : other)));
    assert.equal(await countSettings(database), 20);
    assert.equal(runs, 20);
  });
}

async function increment(database: Database): Promise<void> {
  await database.transaction(async (transaction) => {
    const { value } = await transaction
      .selectFrom("settings")
      .select("value")
      .where("key", "=", "counter")
      .executeTakeFirstOrThrow();
    await transaction
      .updateTable("settings")
      .set({ value: String(Number(value) + 1) })
      .where("key", "=", "counter")
      .execute();
  });
}

async function insertSetting({ kysely }: Database, key: string, value = "", updatedAt = 1): Promise<void> {
  await kysely.insertInto("settings").values({ key, value, updated_at: updatedAt }).execute();
}

async function countSettings({ kysely }: Database): Promise<number> {
  const rows = await kysely.selectFrom("settings").select("key").execute();
  return rows.length;
}

async function insertUser(
  { kysely }: Database,
  { id, username, email }: Pick<UserRow, "id" | "username" | "email">,
): Promise<void> {
  const row = {
    id,
    username,
    username_key: username,
    email,
    email_key: email,
    display_name: username,
    state: "active" as const,
  };
  const login = { totp_enabled: 0, totp_last_step: 0, exec_user: "", token_epoch: 0 };
  await kysely
    .insertInto("users")
    .values({ ...row, ...login, created_at: 1, updated_at: 1 })
    .execute();
}
