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

const amount = fc.option(fc.nat(9_999), { nil: undefined });
const part = (count: number | undefined, unit: string) => (count === undefined ? "" : `${count}${unit}`);

test("whatever is written by the grammar, in all its parts or some, is read back", () => {
  fc.assert(
    fc.property(amount, amount, amount, amount, amount, (years, days, hours, minutes, seconds) => {
      const time = `${part(hours, "H")}${part(minutes, "M")}${part(seconds, "S")}`;
      const text = `P${part(years, "Y")}${part(days, "D")}${time === "" ? "" : `T${time}`}`;
      fc.pre(text !== "P");
      const wholeDays = (years ?? 0) * 365 + (days ?? 0);
      const expected = wholeDays * 86_400 + (hours ?? 0) * 3_600 + (minutes ?? 0) * 60 + (seconds ?? 0);
      assert.equal(parseDurationSeconds(text), expected);
    }),
  );
});

test("weeks and whole seconds are read back", () => {
  fc.assert(
    fc.property(fc.nat(9_999), fc.integer(), (weeks, seconds) => {
      assert.equal(parseDurationSeconds(`P${weeks}W`), weeks * 604_800);
      assert.equal(parseDurationSeconds(`${seconds}`), seconds);
    }),
  );
});

test("whatever is given, the answer is a whole number that is exact, or none", () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(..."P0123456789TYMWDHS.-+ e"), maxLength: 24 }));
  fc.assert(
    fc.property(text, (given) => {
      const seconds = parseDurationSeconds(given);
      assert.ok(seconds === undefined || Number.isSafeInteger(seconds), `${given} is ${seconds}`);
    }),
  );
});

test("months are refused wherever they stand", () => {
  fc.assert(
    fc.property(fc.nat(99), amount, amount, (months, years, days) => {
      assert.equal(parseDurationSeconds(`P${part(years, "Y")}${months}M${part(days, "D")}`), undefined);
    }),
  );
});
