import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { isYardError } from "../../platform/errors.ts";
import type { AppRequest } from "./schemas.ts";
import { timingFromWire, timingToWire } from "./timing.ts";

const registeredAt = 1_700_000_000_000;
const at = { registeredAt, now: registeredAt };
const shown = (body: AppRequest) => timingToWire(timingFromWire(body, registeredAt), at);

test("an application without times has none", () => {
  const body = { start_time: 0, end_time: null, start_interval_seconds: null, retention: "0", daily_limitation: null };
  assert.deepEqual(timingFromWire(body, registeredAt), {});
  assert.deepEqual(shown({ start_interval_seconds: "", retention: 0, cron: false }), {});
});

for (const [given, text, seconds] of [
  [5, "5", 5],
  ["5", "5", 5],
  ["PT5M", "PT5M", 300],
  ["P1Y2DT3S", "P1Y2DT3S", 31_708_803],
  ["P2W", "P2W", 1_209_600],
] as const) {
  test(`the interval ${JSON.stringify(given)} is ${seconds} s, and shown as it was given, as text`, () => {
    const timing = timingFromWire({ start_interval_seconds: given, retention: given }, registeredAt);
    const duration = { text, ms: seconds * 1_000 };
    assert.deepEqual(timing, {
      schedule: { kind: "interval", every: duration, from: registeredAt + 1_000 },
      retention: duration,
    });
    const view = timingToWire(timing, at);
    assert.deepEqual([view.start_interval_seconds, view.retention], [text, text]);
    assert.equal(view.start_time, registeredAt / 1_000 + 1, "the first slot is a second after the registration");
  });
}

test("slots count from the start time, before which nothing runs", () => {
  const timing = timingFromWire({ start_interval_seconds: 60, start_time: 1_800_000_000 }, registeredAt);
  const from = 1_800_000_000_000;
  assert.deepEqual(timing.schedule, { kind: "interval", every: { text: "60", ms: 60_000 }, from });
  assert.deepEqual(timing.window, { from });
});

test("a cron expression is kept as it is", () => {
  const view = shown({ start_interval_seconds: "0 */5 * * * *", cron: true });
  assert.deepEqual([view.start_interval_seconds, view.cron], ["0 */5 * * * *", true]);
  assert.equal(view.start_time, registeredAt / 1_000 + 1);
});

test("daily hours are shown with what the local clock says then", () => {
  const view = shown({ daily_limitation: { daily_start: 3_600, daily_end: 86_400 } });
  assert.deepEqual([view.daily_limitation?.daily_start, view.daily_limitation?.daily_end], [3_600, 86_400]);
  assert.match(view.daily_limitation?.daily_start_TEXT ?? "", /^\d\d:\d\d:\d\d[+-]\d\d/);
});

for (const [field, body] of [
  ["start_interval_seconds", { start_interval_seconds: 0 }],
  ["start_interval_seconds", { start_interval_seconds: -5 }],
  ["start_interval_seconds", { start_interval_seconds: "PT0S" }],
  ["start_interval_seconds", { start_interval_seconds: "P1M" }],
  ["start_interval_seconds", { start_interval_seconds: "soon" }],
  ["start_interval_seconds", { start_interval_seconds: "999999999999999" }],
  ["start_interval_seconds", { cron: true }],
  ["retention", { retention: -1 }],
  ["retention", { retention: "P1M" }],
  ["retention", { retention: "99999999999" }],
  ["end_time", { start_time: 2, end_time: 1 }],
  ["end_time", { start_interval_seconds: 5, end_time: 1 }],
] satisfies [string, AppRequest][]) {
  test(`${JSON.stringify(body)} is refused by the name of ${field}`, () => {
    assert.throws(() => timingFromWire(body, registeredAt), { code: "invalid", field });
  });
}

test("whatever text an interval is, it is refused by its name or an exact time above 0 that is shown as it was given", () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(..."P0123456789TYMWDHS.-+"), maxLength: 20 }));
  fc.assert(
    fc.property(text, (given) => {
      try {
        const { schedule } = timingFromWire({ start_interval_seconds: given }, registeredAt);
        if (schedule === undefined) return given.trim() === "";
        assert.ok(schedule.kind === "interval" && schedule.every.ms > 0 && Number.isSafeInteger(schedule.every.ms));
        assert.equal(shown({ start_interval_seconds: given }).start_interval_seconds, given.trim());
      } catch (error) {
        return isYardError(error, "invalid") && error.field === "start_interval_seconds";
      }
      return true;
    }),
  );
});
