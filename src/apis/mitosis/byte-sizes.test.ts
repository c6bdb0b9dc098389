import assert from "node:assert/strict";
import test from "node:test";
import { isYardError } from "../../platform/errors.ts";
import { countChangeFromWire, storageChangeFromWire } from "./byte-sizes.ts";

for (const [text, kind, amount] of [
  ["0", "set", 0],
  ["1000", "set", 1_000],
  ["=1B", "set", 1],
  ["2GB", "set", 2e9],
  ["2 gb", "set", 2e9],
  ["2G", "set", 2e9],
  ["2GiB", "set", 2 * 1_024 ** 3],
  ["2gi", "set", 2 * 1_024 ** 3],
  ["+1.5 KiB", "add", 1_536],
  ["-500 MB", "add", -500e6],
  ["1_000 k", "set", 1_000_000],
  ["1 000 kB", "set", 1_000_000],
  [".5K", "set", 500],
  ["1e3", "set", 1_000],
  ["1.0006 K", "set", 1_001],
  ["1e-3 MB", "set", 1_000],
  ["1 EB", "set", undefined],
  ["4PiB", "set", 4 * 1_024 ** 5],
] as const) {
  test(`${text} ${amount === undefined ? "is more than can be counted" : `is ${kind} ${amount}`}`, () => {
    if (amount !== undefined) assert.deepEqual(storageChangeFromWire(text, "storage_quota"), { kind, amount });
    else assert.throws(() => storageChangeFromWire(text, "storage_quota"), refused);
  });
}

for (const text of [
  "",
  "+",
  "GB",
  "much",
  "1 XB",
  "--1",
  "+-1",
  "1.2.3",
  "0x10",
  "NaN",
  "Infinity",
  "1e999",
  "_",
  "1".repeat(65),
])
  test(`${JSON.stringify(text)} is no size`, () => {
    assert.throws(() => storageChangeFromWire(text, "storage_quota"), refused);
  });

for (const [text, kind, amount] of [
  ["10", "set", 10],
  ["=10", "set", 10],
  ["+5", "add", 5],
  ["-3", "add", -3],
  [" 2147483647 ", "set", 2_147_483_647],
] as const)
  test(`${text} is ${kind} ${amount}`, () => {
    assert.deepEqual(countChangeFromWire(text, "group_quota"), { kind, amount });
  });

for (const text of ["", "1.5", "2147483648", "ten", "1e3", "+-1"])
  test(`${JSON.stringify(text)} is no number`, () => {
    assert.throws(() => countChangeFromWire(text, "group_quota"), refused);
  });

function refused(error: unknown): boolean {
  return isYardError(error, "invalid");
}
