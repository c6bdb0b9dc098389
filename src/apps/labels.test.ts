import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import { eachDialect } from "../platform/db/testing.ts";
import { createLabels, mostLabels } from "./labels.ts";

const builtIn = { arch: "x64", HOST_NAME: "here" };
const labelsOf = (database: Database) => createLabels({ database, clock: systemClock, builtIn });

eachDialect("labels", (open) => {
  test("the built-in ones are always there, and hidden while one of their name is set", async () => {
    await using database = await open();
    const labels = labelsOf(database);
    assert.deepEqual(await labels.list(), builtIn);
    await labels.set("arch", "mine");
    await labels.set("rack", "7");
    await labels.set("rack", "8");
    assert.deepEqual(await labels.list(), { HOST_NAME: "here", arch: "mine", rack: "8" });
    assert.equal(await labels.remove("arch"), true);
    assert.equal(await labels.remove("arch"), false);
    assert.equal(await labels.remove("HOST_NAME"), false);
    assert.deepEqual(await labels.list(), { HOST_NAME: "here", arch: "x64", rack: "8" });
  });

  test("replacing them leaves those that were given and the built-in ones", async () => {
    await using database = await open();
    const labels = labelsOf(database);
    await labels.set("old", "1");
    await labels.replace({ arch: "x64", new: "2" });
    assert.deepEqual(await labels.list(), { HOST_NAME: "here", arch: "x64", new: "2" });
    assert.equal(await labels.remove("arch"), false, "a built-in one that was sent back is not set");
    await assert.rejects(labels.replace({ fine: "3", bad: "a\nb" }), { code: "invalid", field: "value" });
    assert.equal((await labels.list()).new, "2");
  });

  test("names are data, whatever they are elsewhere", async () => {
    await using database = await open();
    const labels = labelsOf(database);
    for (const name of ["__proto__", "constructor", "../x", "'; drop table labels; --", "日本", "a=b,c d"]) {
      await labels.set(name, name);
      assert.ok(
        Object.entries(await labels.list()).some(([key, value]) => key === name && value === name),
        name,
      );
    }
    assert.equal(Object.getPrototypeOf(await labels.list()), Object.prototype);
  });

  test("names and values that cannot be shown, empty names and too long ones are refused, and change nothing", async () => {
    await using database = await open();
    const labels = labelsOf(database);
    for (const name of ["", "  ", "a\0", "a\n", "\u202ea", "x".repeat(129), "\ud800"]) {
      await assert.rejects(labels.set(name, "x"), { code: "invalid", field: "name" }, JSON.stringify(name));
    }
    for (const value of ["a\0", "a\nb", "x".repeat(1_025)]) {
      await assert.rejects(labels.set("x", value), { code: "invalid", field: "value" }, JSON.stringify(value));
    }
    assert.deepEqual(await labels.list(), builtIn);
  });

  test("there is a bound on how many there may be", async () => {
    await using database = await open();
    const labels = labelsOf(database);
    const most = Object.fromEntries(Array.from({ length: mostLabels }, (_, n) => [`n${n}`, "x"]));
    await labels.replace(most);
    await labels.set("n0", "changed");
    await assert.rejects(labels.set("one-more", "x"), { code: "too_many" });
    await assert.rejects(labels.replace({ ...most, more: "x" }), { code: "too_many" });
    assert.equal((await labels.list())["one-more"], undefined);
  });
});
