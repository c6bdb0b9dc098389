import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { RunWindow, Schedule } from "./protocol.ts";
import { checkSchedule, nextSlotAfter, slotToCome } from "./schedule.ts";
import { isOpen } from "./window.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const noon = Date.parse("2026-05-10T12:00:00Z");
const minutely: Schedule = { kind: "interval", from: 0, everyMs: minute };
const cron = (expression: string): Schedule => ({ kind: "cron", expression, timeZone: "UTC" });

test("the slots of an interval are exactly from + k * every, however large k is", () => {
  const from = fc.integer({ min: 0, max: 4e12 });
  const every = fc.integer({ min: 1_000, max: 400 * day });
  const after = fc.integer({ min: -4e12, max: 8e15 });
  fc.assert(
    fc.property(from, every, after, (from, everyMs, after) => {
      const slot = nextSlotAfter({ kind: "interval", from, everyMs }, undefined, after) ?? Number.NaN;
      assert.equal((BigInt(slot) - BigInt(from)) % BigInt(everyMs), 0n);
      assert.ok(slot > after && slot >= from);
      assert.ok(slot === from || slot - everyMs <= after, "no slot in between was left out");
    }),
  );
});

test("slots strictly increase, and none lies where the window is closed", () => {
  const second = fc.integer({ min: 0, max: 86_400 });
  const window: fc.Arbitrary<RunWindow> = fc.record(
    {
      from: fc.integer({ min: noon - day, max: noon + day }),
      until: fc.integer({ min: noon, max: noon + 9 * day }),
      daily: fc.record({ startSeconds: second, endSeconds: second }),
    },
    { requiredKeys: [] },
  );
  const schedule: fc.Arbitrary<Schedule> = fc.oneof(
    fc.record({
      kind: fc.constant("interval" as const),
      from: fc.integer({ min: 0, max: noon }),
      everyMs: fc.integer({ min: 1_000, max: 2 * day }),
    }),
    fc.constantFrom("0 */7 * * * *", "30 15 9-17 * * *", "0 0 3 * * *").map(cron),
  );
  fc.assert(
    fc.property(schedule, window, (schedule, window) => {
      let last = noon;
      for (let i = 0; i < 5; i++) {
        const slot = nextSlotAfter(schedule, window, last);
        if (slot === undefined) return;
        assert.ok(slot > last);
        assert.ok(isOpen(window, slot), new Date(slot).toISOString());
        last = slot;
      }
    }),
    { numRuns: 60 },
  );
});

test("a slot at which the window opens counts, one at which it closes does not", () => {
  const window = { daily: { startSeconds: 9 * 3_600, endSeconds: 17 * 3_600 } };
  const hourly: Schedule = { kind: "interval", from: 0, everyMs: hour };
  assert.equal(nextSlotAfter(hourly, window, noon + 4 * hour), noon + 21 * hour);
  assert.equal(nextSlotAfter(hourly, { until: noon + hour }, noon), undefined);
});

test("a schedule that never meets its window has no slot", () => {
  const window = { daily: { startSeconds: 9 * 3_600, endSeconds: 17 * 3_600 } };
  assert.equal(nextSlotAfter(cron("0 0 3 * * *"), window, noon), undefined);
  assert.equal(nextSlotAfter({ kind: "interval", from: 0, everyMs: day }, window, noon), undefined);
});

test("a slot that was fired does not come again", () => {
  const rules = { schedule: minutely };
  assert.equal(slotToCome(rules, { from: noon, last: undefined }), noon);
  assert.equal(slotToCome(rules, { from: noon, last: noon }), noon + minute);
  assert.equal(slotToCome(rules, { from: noon - 40_000, last: noon }), noon + minute);
});

test("after a long way back the schedule goes on by the new time, and does not fall silent", () => {
  for (const back of [hour, day, 3_650 * day]) {
    const slot = slotToCome({ schedule: minutely }, { from: noon - back + 1, last: noon });
    assert.equal(slot, noon - back + minute);
  }
});

test("a daily slot is not fired a second time when the clock goes back over it by an hour", () => {
  const rules = { schedule: cron("0 30 11 * * *") };
  assert.equal(slotToCome(rules, { from: noon - hour, last: noon - hour / 2 }), noon - hour / 2 + day);
});

test("without a schedule there is no slot, and nothing to check", () => {
  assert.equal(slotToCome({}, { from: noon, last: undefined }), undefined);
  checkSchedule(undefined);
  checkSchedule(minutely);
  assert.throws(() => checkSchedule(cron("never")), { code: "precondition", field: "schedule" });
});
