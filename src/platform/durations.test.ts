import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { parseDurationSeconds } from "./durations.ts";

for (const [text, seconds] of [
  ["0", 0],
  ["90", 90],
  ["-1", -1],
  [" 7 ", 7],
  ["P2W", 1_209_600],
  ["PT1H30M", 5_400],
  ["P1Y2DT3S", 31_708_803],
  ["P1D", 86_400],
] as const) {
  test(`${JSON.stringify(text)} is ${seconds} seconds`, () => assert.equal(parseDurationSeconds(text), seconds));
}

for (const text of [
  "",
  "P",
  "PT",
  "P1M",
  "P1DT",
  "1h",
  "1.5",
  "PT1.5S",
  "P-1D",
  "p1d",
  "P1W2D",
  "9".repeat(40),
  "P9999999999999999Y",
]) {
  test(`${JSON.stringify(text)} is no duration`, () => assert.equal(parseDurationSeconds(text), undefined));
}

test("what is written as hours, minutes and seconds is read back", () => {
  fc.assert(
    fc.property(fc.nat(9_999), fc.nat(9_999), fc.nat(9_999), (hours, minutes, seconds) => {
      assert.equal(parseDurationSeconds(`PT${hours}H${minutes}M${seconds}S`), hours * 3_600 + minutes * 60 + seconds);
    }),
  );
});
