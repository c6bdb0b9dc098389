/** Variables of all stacks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../platform/clock.ts";
import { createSecretBox } from "../../platform/crypto/secret-box.ts";
import type { Database } from "../../platform/db/database.ts";
import { eachDialect } from "../../platform/db/testing.ts";
import { isYardError } from "../../platform/errors.ts";
import { createGlobalEnv } from "./global-env.ts";

const openGlobalEnv = (database: Database, at = 7) =>
  createGlobalEnv({
    database,
    secrets: createSecretBox(Buffer.alloc(32, 1)),
    clock: { ...systemClock, now: () => at },
  });
const admin = { isTrusted: true };
const manager = { isTrusted: false };
const token = { key: "TOKEN", value: "s3cret-value", group: "shop" };

const unsound: readonly Partial<typeof token>[] = [
  ...["", "A-B", "1A", "A\nB", "$(id)", "A".repeat(129)].map((key) => ({ key })),
  ...["a\0b", "x".repeat(32_769), "\ud800"].map((value) => ({ value })),
  ...["a\nb", "g".repeat(65)].map((group) => ({ group })),
];

eachDialect("global variables", (open) => {
  test("are made, changed, listed by group and key, and deleted", async () => {
    await using database = await open();
    const variables = openGlobalEnv(database);
    const made = await variables.create(token, admin);
    assert.deepEqual(made, { ...token, id: made.id, createdAt: 7, updatedAt: 7 });
    await variables.create({ key: "A", value: "", group: " shop " }, admin);
    await variables.create({ key: "Z", value: "1", group: "" }, admin);
    assert.deepEqual(
      (await variables.list()).map(({ key }) => key),
      ["Z", "A", "TOKEN"],
    );
    assert.deepEqual(await variables.groups(), ["shop"]);

    const changed = await openGlobalEnv(database, 9).update(
      made.id,
      { key: "TOKEN_2", value: "other", group: "" },
      admin,
    );
    assert.deepEqual([changed.key, changed.value, changed.createdAt, changed.updatedAt], ["TOKEN_2", "other", 7, 9]);
    const expected = { Z: "1", A: "", TOKEN_2: "other" };
    assert.deepEqual(Object.fromEntries((await variables.variables()).values), expected);
    assert.equal(await variables.remove(made.id, admin), "TOKEN_2");
    const isMissing = (error: unknown) => isYardError(error, "not_found");
    await assert.rejects(variables.remove(made.id, admin), isMissing);
    await assert.rejects(variables.update(made.id, token, admin), isMissing);
  });

  test("have names of their own", async () => {
    await using database = await open();
    const variables = openGlobalEnv(database);
    await variables.create(token, admin);
    const other = await variables.create({ ...token, key: "OTHER" }, admin);
    const isTaken = (error: unknown) => isYardError(error, "conflict") && error.field === "key";
    await assert.rejects(variables.create({ ...token, value: "second" }, admin), isTaken);
    await assert.rejects(variables.update(other.id, token, admin), isTaken);
    assert.deepEqual(Object.fromEntries((await variables.variables()).values), {
      OTHER: token.value,
      TOKEN: token.value,
    });
  });

  test("that somebody has set who may reach the hosts nobody else changes, and what others set is known as theirs", async () => {
    await using database = await open();
    const variables = openGlobalEnv(database);
    const ours = await variables.create(token, admin);
    const isForbidden = (error: unknown) => isYardError(error, "forbidden");
    await assert.rejects(variables.update(ours.id, { ...token, value: "/" }, manager), isForbidden);
    await assert.rejects(variables.update(ours.id, { ...token, key: "ELSE" }, manager), isForbidden);
    await assert.rejects(variables.remove(ours.id, manager), isForbidden);
    assert.deepEqual([...(await variables.variables()).untrusted], []);

    const theirs = await variables.create({ ...token, key: "THEIRS" }, manager);
    await variables.update(theirs.id, { ...token, key: "STILL_THEIRS" }, manager);
    assert.deepEqual([...(await variables.variables()).untrusted], ["STILL_THEIRS"]);
    await variables.update(theirs.id, { ...token, key: "OURS" }, admin);
    assert.deepEqual([...(await variables.variables()).untrusted], []);
    await assert.rejects(variables.remove(theirs.id, manager), isForbidden);
  });

  test("rest sealed, and a value that was moved to another variable does not open", async () => {
    await using database = await open();
    const variables = openGlobalEnv(database);
    await variables.create(token, admin);
    await variables.create({ key: "SHOWN", value: "x", group: "" }, admin);
    const rows = await database.kysely.selectFrom("global_variables").selectAll().execute();
    assert.ok(!JSON.stringify(rows).includes(token.value));
    const { sealed_value } = rows.find(({ key }) => key === "TOKEN")!;
    await database.kysely.updateTable("global_variables").set({ sealed_value }).where("key", "=", "SHOWN").execute();
    await assert.rejects(variables.list(), (error) => isYardError(error, "internal"));
  });

  test("are refused where they are unsound, which changes nothing", async () => {
    await using database = await open();
    const variables = openGlobalEnv(database);
    const { id } = await variables.create(token, admin);
    for (const change of unsound) {
      const [field] = Object.keys(change);
      const isRefused = (error: unknown) => isYardError(error, "invalid") && error.field === field;
      await assert.rejects(
        variables.create({ ...token, key: "NEW", ...change }, admin),
        isRefused,
        JSON.stringify(change),
      );
      await assert.rejects(variables.update(id, { ...token, ...change }, admin), isRefused, JSON.stringify(change));
    }
    assert.deepEqual(Object.fromEntries((await variables.variables()).values), { TOKEN: token.value });
  });
});
