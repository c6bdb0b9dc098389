import assert from "node:assert/strict";
import { test } from "node:test";
import type { Database } from "../../platform/db/database.ts";
import { eachDialect } from "../../platform/db/testing.ts";
import { createExchangeJournal } from "./exchange-journal.ts";
import { createUpdateHistory } from "./update-history.ts";

const place = { hostId: "one", containerName: "web" };
const images = { image: "nginx:1", oldImageId: "a", newImageId: "b", keptAs: "kept:1" };

function open(database: Database) {
  const history = createUpdateHistory({ database });
  const journal = createExchangeJournal({ database });
  const begin = (changes: { hostId?: string; containerName?: string; keptAs?: string } = {}) => {
    const { keptAs = images.keptAs, ...elsewhere } = changes;
    const exchange = { ...place, holder: "yard", oldContainerId: "old", wasRunning: true, ...elsewhere };
    return journal.beginUpdate(exchange, { ...images, keptAs }, 5);
  };
  const update = async (changes?: Parameters<typeof begin>[0]) => {
    const exchange = await begin(changes);
    await journal.complete(exchange, 6);
    return exchange.updateId;
  };
  return { history, journal, begin, update };
}

eachDialect("the history of updates", (openDatabase) => {
  test("a container's updates are its own, newest first", async () => {
    await using database = await openDatabase();
    const { history, update } = open(database);
    const first = await update();
    const second = await update();
    await update({ hostId: "two" });
    await update({ containerName: "db" });
    const listed = await history.list(place);
    assert.deepEqual(
      listed.map(({ id }) => id),
      [second, first],
    );
    assert.deepEqual(await history.find(place, first), {
      ...place,
      ...images,
      id: first,
      updatedAt: 6,
      rolledBackAt: null,
    });
    assert.equal(await history.find({ ...place, hostId: "two" }, first), undefined);
  });

  test("an update is history once it is carried out, and never was if it is abandoned", async () => {
    await using database = await openDatabase();
    const { history, journal, begin } = open(database);
    const begun = await begin();
    assert.deepEqual(await history.list(place), []);
    const made = await journal.noteNew(begun, "new");
    assert.deepEqual(await journal.list(), [made]);
    await journal.abandon(made);
    assert.deepEqual([await journal.list(), await history.list(place)], [[], []]);
    const again = await begin();
    await journal.complete(again, 7);
    assert.equal((await history.find(place, again.updateId))?.updatedAt, 7);
    assert.deepEqual(await journal.list(), []);
  });

  test("a rollback is noted once it is carried out", async () => {
    await using database = await openDatabase();
    const { history, journal, update } = open(database);
    const id = await update();
    const done = await history.find(place, id);
    assert.ok(done);
    const exchange = { ...place, holder: "yard", oldContainerId: "old", wasRunning: true };
    await journal.abandon(await journal.beginRollback(exchange, done, 8));
    assert.deepEqual(await history.list(place), [done]);
    await journal.complete(await journal.beginRollback(exchange, done, 8), 9);
    assert.equal((await history.find(place, id))?.rolledBackAt, 9);
  });

  test("of each container the latest 20 are kept", async () => {
    await using database = await openDatabase();
    const { history, update } = open(database);
    const other = await update({ hostId: "two" });
    for (let i = 0; i < 20; i++) await update({ keptAs: `kept:${i}` });
    assert.deepEqual(await history.forgetOld(place), []);
    for (let i = 20; i < 23; i++) await update({ keptAs: `kept:${i}` });
    const forgotten = await history.forgetOld(place);
    assert.deepEqual(forgotten.map(({ keptAs }) => keptAs).sort(), ["kept:0", "kept:1", "kept:2"]);
    assert.equal((await history.list(place)).length, 20);
    assert.equal((await history.list({ ...place, hostId: "two" }))[0]?.id, other);
  });
});
