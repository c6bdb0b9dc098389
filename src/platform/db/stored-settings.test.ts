import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../clock.ts";
import { createStoredSettings } from "./stored-settings.ts";
import { eachDialect } from "./testing.ts";

eachDialect("stored settings", (open) => {
  test("what was stored is read, by its key", async () => {
    await using database = await open();
    const settings = createStoredSettings({ database, clock: systemClock });
    assert.equal(await settings.read("a"), undefined);
    await settings.change("a", (before) => ({ before: before ?? "nothing" }));
    await settings.change("b", () => [1]);
    assert.deepEqual(await settings.read("a"), { before: "nothing" });
    assert.deepEqual(await settings.read("b"), [1]);
  });

  test("changes at the same time lose nothing", async () => {
    await using database = await open();
    const settings = createStoredSettings({ database, clock: systemClock });
    await Promise.all(
      Array.from({ length: 10 }, () => settings.change("count", (before) => ((before as number | undefined) ?? 0) + 1)),
    );
    assert.equal(await settings.read("count"), 10);
  });

  test("a change that fails leaves what was there", async () => {
    await using database = await open();
    const settings = createStoredSettings({ database, clock: systemClock });
    await settings.change("a", () => "first");
    const failing = settings.change("a", () => {
      throw new Error("no");
    });
    await assert.rejects(failing, /no/);
    assert.equal(await settings.read("a"), "first");
  });
});
