import assert from "node:assert/strict";
import test from "node:test";
import { isYardError } from "../../platform/errors.ts";
import { durationFromWire, durationToWire, secondsFromWire } from "./durations.ts";

for (const [text, seconds] of [
  ["10m", 600],
  ["1h 30min", 5_400],
  ["1h30min", 5_400],
  ["2days", 172_800],
  ["  5 s ", 5],
  ["0", 0],
  ["0s", 0],
  ["500ms", 0.5],
  ["1.5h", 5_400],
  ["1s 200ms 300us 400ns", 1.2003004],
  ["3µs", 0.000003],
  ["1M", 2_630_016],
  ["1m", 60],
  ["2 months", 5_260_032],
  ["1y", 31_557_600],
  ["1year 1wk", 32_162_400],
  ["2yrs", 63_115_200],
  ["3hours 4 hrs 1hr", 28_800],
  ["1w 1week 2weeks 1wks", 3_024_000],
  ["100ms 100ms 100ms 100ms 100ms 100ms 100ms 100ms 100ms 100ms", 1],
] as const) {
  test(`${text} is ${seconds} s`, () => assert.equal(durationFromWire(text, "timeout"), seconds));
}

for (const text of [
  "",
  " ",
  "10",
  "m",
  "10x",
  "-5s",
  "1h,30m",
  "1h 30",
  "1e3s",
  "1..5s",
  "10S",
  "5\0s",
  `${"9".repeat(30)}y`,
]) {
  test(`${JSON.stringify(text)} is no duration`, () => {
    assert.throws(
      () => durationFromWire(text, "timeout"),
      (error) => isYardError(error, "invalid") && error.field === "timeout",
    );
  });
}

test("a long text without a meaning is refused at once", () => {
  const started = performance.now();
  assert.throws(() => durationFromWire(`${"1 s ".repeat(250_000)}!`, "timeout"));
  assert.ok(performance.now() - started < 2_000);
});

for (const [text, seconds] of [
  ["500ms", 0],
  ["1s 999ms", 1],
  ["0.1s 0.1s 0.1s 0.7s", 1],
] as const) {
  test(`${text} are ${seconds} whole seconds`, () => assert.equal(secondsFromWire(text, "timeout"), seconds));
}

for (const [seconds, text] of [
  [0, "0s"],
  [59, "59s"],
  [3_600, "1h"],
  [93_600, "1day 2h"],
  [172_800, "2days"],
  [5_400, "1h 30m"],
  [2_630_016, "1month"],
  [31_557_600 * 2 + 2_630_016 * 3 + 86_400 + 1, "2years 3months 1day 1s"],
] as const) {
  test(`${seconds} s are written ${text}, and read again`, () => {
    assert.equal(durationToWire(seconds), text);
    assert.equal(durationFromWire(text, "timeout"), seconds);
  });
}
