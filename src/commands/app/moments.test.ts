import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseDurationSeconds } from "../../platform/durations.ts";
import { dailyHours, duration, moment } from "./moments.ts";

describe("a duration is written as the API takes it", () => {
  for (const { given, written, seconds } of [
    { given: "90", written: "90", seconds: 90 },
    { given: "PT1H30M", written: "PT1H30M", seconds: 5_400 },
    { given: "90s", written: "PT1M30S", seconds: 90 },
    { given: "1h30m", written: "PT1H30M", seconds: 5_400 },
    { given: "24h", written: "P1D", seconds: 86_400 },
    { given: "1w2d1s", written: "P9DT1S", seconds: 9 * 86_400 + 1 },
  ])
    test(`${given} is ${written}`, () => {
      assert.equal(duration(given), written);
      assert.equal(parseDurationSeconds(duration(given)), seconds);
    });

  for (const wrong of ["", "0", "-5", "0s", "5q", "5m1h", "soon", "1.5h", "P1M"])
    test(`${JSON.stringify(wrong)} is none`, () => assert.throws(() => duration(wrong), /It is a duration/));
});

describe("a moment is local unless it names its offset", () => {
  for (const { given, at } of [
    { given: "2026-01-31T08:00Z", at: Date.UTC(2026, 0, 31, 8) },
    { given: "2026-01-31 08:00:30+01:00", at: Date.UTC(2026, 0, 31, 7, 0, 30) },
    { given: "2026-01-31T08:00", at: new Date(2026, 0, 31, 8).getTime() },
    { given: "2026-01-31", at: new Date(2026, 0, 31).getTime() },
  ])
    test(given, () => assert.equal(moment(given), at / 1_000));

  for (const wrong of ["", "tomorrow", "2026-13-01", "31.01.2026", "2026-01-31T25:00", "1767225600"])
    test(`${JSON.stringify(wrong)} is none`, () => assert.throws(() => moment(wrong), /It is a date/));
});

test("hours of the day are seconds since midnight, over midnight too", () => {
  assert.deepEqual(dailyHours("08:00-18:30"), { daily_start: 28_800, daily_end: 66_600 });
  assert.deepEqual(dailyHours("22:00-00:00"), { daily_start: 79_200, daily_end: 0 });
  for (const wrong of ["", "8-18", "08:00-24:00", "08:60-09:00", "08:00"])
    assert.throws(() => dailyHours(wrong), /It looks like/, wrong);
});
