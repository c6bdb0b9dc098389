import assert from "node:assert/strict";
import { test } from "node:test";
import { createAlarms } from "./alarms.ts";
import { createFakeTime } from "./testing/fake-time.ts";

const noon = Date.parse("2026-05-10T12:00:00Z");
const hour = 3_600_000;

function setUp(at: number) {
  const time = createFakeTime(noon);
  const alarms = createAlarms(time);
  const rings: { clockJumped: boolean; at: number }[] = [];
  const alarm = alarms.set(at, (how) => rings.push({ ...how, at: time.now() }));
  return { time, alarms, alarm, rings };
}

test("an alarm rings once, at its time", async () => {
  const { time, rings } = setUp(noon + hour + 1);
  await time.pass(hour);
  assert.deepEqual(rings, []);
  await time.pass(hour);
  assert.deepEqual(rings, [{ clockJumped: false, at: noon + hour + 1 }]);
});

for (const jump of [hour, -hour]) {
  test(`when the clock is set by ${jump} ms it rings within a second, and says so`, async () => {
    const { time, rings } = setUp(noon + hour / 2);
    await time.pass(10_000);
    time.setClock(jump);
    await time.pass(1_000);
    assert.deepEqual(
      rings.map(({ clockJumped }) => clockJumped),
      [true],
    );
    await time.pass(2 * hour);
    assert.equal(rings.length, 1);
  });
}

test("a jump is noticed first by an alarm that comes due before anybody has looked", async () => {
  const { time, rings } = setUp(noon + 500);
  time.setClock(-hour);
  await time.pass(500);
  assert.deepEqual(rings, [{ clockJumped: true, at: noon - hour + 500 }]);
});

test("one that was disposed of does not ring, and then no timer is left", async () => {
  const { time, alarms, alarm, rings } = setUp(noon + 5_000);
  alarm[Symbol.dispose]();
  await time.pass(10_000);
  assert.deepEqual(rings, []);
  alarms.set(time.now() + 1_000, () => assert.fail("it was disposed of"));
  alarms[Symbol.dispose]();
  await time.pass(10_000);
  assert.deepEqual(rings, []);
});
