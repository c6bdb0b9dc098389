import assert from "node:assert/strict";
import { test } from "node:test";
import { showsAll, zoomedBy } from "./plot-zoom.ts";

const all = { min: 0, max: 100 };

test("plus halves what is shown around its middle, minus doubles it, and both end somewhere", () => {
  assert.deepEqual(zoomedBy("+", all, all), { min: 25, max: 75 });
  assert.deepEqual(zoomedBy("-", { min: 25, max: 75 }, all), all);
  assert.deepEqual(zoomedBy("-", all, all), all);
  assert.deepEqual(zoomedBy("=", { min: 10, max: 12 }, all), { min: 10, max: 12 });
});

test("arrows move it by a quarter, as far as there is something", () => {
  assert.deepEqual(zoomedBy("ArrowRight", { min: 20, max: 60 }, all), { min: 30, max: 70 });
  assert.deepEqual(zoomedBy("ArrowLeft", { min: 5, max: 45 }, all), { min: 0, max: 40 });
  assert.deepEqual(zoomedBy("-", { min: 0, max: 20 }, all), { min: 0, max: 40 });
});

test("Escape shows all, and other keys are nobody's", () => {
  assert.deepEqual(zoomedBy("Escape", { min: 5, max: 6 }, all), all);
  assert.equal(zoomedBy("Enter", all, all), undefined);
  assert.ok(showsAll(all, all));
  assert.ok(!showsAll({ min: 0, max: 99 }, all));
});
