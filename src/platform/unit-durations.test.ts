import assert from "node:assert/strict";
import { test } from "node:test";
import { parseUnitDurationMs } from "./unit-durations.ts";

for (const [text, expected] of [
  ["10m", 600_000],
  ["1h 30min", 5_400_000],
  ["1day 2h", 93_600_000],
  ["2days", 172_800_000],
  ["500ms", 500],
  ["0", 0],
  ["0s", 0],
  ["1M", 2_630_016_000],
  ["1.5s", 1_500],
  ["", undefined],
  ["10", undefined],
  ["ten minutes", undefined],
  ["5 parsecs", undefined],
  ["-5s", undefined],
] as const) {
  test(`${JSON.stringify(text)} is ${expected === undefined ? "no duration" : `${expected} ms`}`, () =>
    assert.equal(parseUnitDurationMs(text), expected));
}
