import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import { createSharedTime } from "../platform/db/shared-time.ts";
import { eachDialect } from "../platform/db/testing.ts";
import { newId } from "../platform/ids.ts";
import { until } from "../platform/testing/until.ts";
import type { EventDocument } from "./channel.ts";
import { createChannelStore } from "./channel-store.ts";
import { createDeliveries } from "./deliveries.ts";

const teamId = newId("team");
const event: EventDocument = {
  ...{ event: "capsule.created", timestamp: "2030-01-01T00:00:00Z", team_id: "team-1" },
  ...{ actor: { type: "system" }, resource: { id: "cl-1", type: "sandbox" } },
};

async function openStore(database: Database, { leaseMs = 60_000 } = {}) {
  const now = createSharedTime(database.dialect, systemClock);
  const channels = createChannelStore({ database });
  const id = newId("channel");
  const about = { name: "ops", provider: "webhook", events: ["capsule.created"] } as const;
  await channels.insert({ id, teamId, ...about, createdAt: 1, updatedAt: 1 }, "{}", 10);
  const find = async () => (await channels.find(teamId, id)) ?? assert.fail();
  return { id, find, deliveries: createDeliveries({ database, now, leaseMs, mostWaiting: 100 }) };
}

const announced = (count: number) => Array.from({ length: count }, (_, at) => ({ teamId, event, at }));

eachDialect("deliveries", (open) => {
  test("come in the order of their events, and each is taken once", async () => {
    await using database = await open();
    const { id, deliveries } = await openStore(database);
    assert.deepEqual(await deliveries.add([{ teamId: newId("team"), event, at: 0 }]), []);
    assert.deepEqual(await deliveries.add(announced(6)), [{ channelId: id, count: 6 }]);
    assert.deepEqual(await deliveries.waiting(), [{ channelId: id, count: 6 }]);
    const first = await deliveries.take(id);
    const together = await Promise.all(Array.from({ length: 4 }, () => deliveries.take(id)));
    const last = await deliveries.take(id);
    const taken = [first, ...together, last].map((each) => each?.eventId ?? assert.fail());
    assert.equal(new Set(taken).size, 6);
    assert.deepEqual([taken[0], taken[5]], [taken.toSorted()[0], taken.toSorted()[5]]);
    assert.equal(await deliveries.take(id), undefined);
    assert.deepEqual(await deliveries.waiting(), []);
  });

  test("what was taken by a yard that was killed is due again, and that yard has no say any more", async () => {
    await using database = await open();
    const { id, find, deliveries } = await openStore(database, { leaseMs: 200 });
    await deliveries.add(announced(1));
    const before = (await deliveries.take(id)) ?? assert.fail();
    const again = await until(() => deliveries.take(id));
    assert.equal(again.eventId, before.eventId);
    await deliveries.failed(before, "too late", undefined);
    await deliveries.received(before);
    assert.deepEqual([(await find()).lastError, (await find()).deliveredAt], [undefined, undefined]);
    await deliveries.received(again);
    assert.ok((await find()).deliveredAt);
    assert.deepEqual(await database.kysely.selectFrom("deliveries").selectAll().execute(), []);
  });

  test("what failed is due later, what is given back at once", async () => {
    await using database = await open();
    const { id, find, deliveries } = await openStore(database);
    await deliveries.add(announced(1));
    const taken = (await deliveries.take(id)) ?? assert.fail();
    await deliveries.giveBack(taken);
    const again = (await deliveries.take(id)) ?? assert.fail();
    assert.deepEqual([again.eventId, again.failures], [taken.eventId, 0]);
    await deliveries.failed(again, "no answer", 300);
    assert.equal(await deliveries.take(id), undefined);
    assert.equal((await find()).lastError?.message, "no answer");
    const third = await until(() => deliveries.take(id));
    assert.equal(third.failures, 1);
    assert.ok(third.ageMs >= 300);
    await deliveries.failed(third, "again", undefined);
    assert.deepEqual(await database.kysely.selectFrom("deliveries").selectAll().execute(), []);
  });
});
