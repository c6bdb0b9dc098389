import assert from "node:assert/strict";
import { test } from "node:test";
import { createPacemeter } from "./progress.ts";

test("nothing is foretold before anything has moved", () => {
  const pace = createPacemeter();
  assert.deepEqual(pace.read(0, 100, 0), { perSecond: 0, leftMs: undefined });
  assert.deepEqual(pace.read(0, 100, 5_000), { perSecond: 0, leftMs: undefined });
});

test("what was done before the first look is no pace", () => {
  const pace = createPacemeter();
  pace.read(900, 1_000, 0);
  assert.deepEqual(pace.read(910, 1_000, 1_000), { perSecond: 10, leftMs: 9_000 });
});

test("the pace is that of the last seconds", () => {
  const pace = createPacemeter();
  for (let second = 0; second <= 20; second++) pace.read(second * 100, 10_000, second * 1_000);
  const slow = Array.from({ length: 20 }, (_, i) => pace.read(2_000 + i + 1, 10_000, 21_000 + i * 1_000)).at(-1);
  assert.equal(slow?.perSecond, 1);
});
