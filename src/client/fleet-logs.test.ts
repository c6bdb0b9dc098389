import assert from "node:assert/strict";
import { test } from "node:test";
import { createPlace } from "./fleet-logs.ts";

const at = (nanoseconds: number) => ({ time: `2026-01-31T08:00:00.${String(nanoseconds).padStart(9, "0")}Z` });

test("whoever reads on after a lost connection reads nothing twice, and misses nothing of the same moment", () => {
  const place = createPlace();
  assert.deepEqual(place.since(), {});
  assert.deepEqual([at(1), at(2), at(2)].map(place.isNew), [true, true, true]);
  assert.deepEqual(place.since(), { tail: "all", since: "1769846400.000000002" });
  assert.deepEqual([at(2), at(2), at(2), at(3)].map(place.isNew), [false, false, true, true]);
  assert.deepEqual(place.since(), { tail: "all", since: "1769846400.000000003" });
  assert.deepEqual([at(3), at(3)].map(place.isNew), [false, true]);
});

test("a clock that was set back costs no line", () => {
  const place = createPlace();
  assert.deepEqual([at(5), at(3), at(4)].map(place.isNew), [true, true, true]);
});
