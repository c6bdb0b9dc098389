import assert from "node:assert/strict";
import { test } from "node:test";
import { backoffMs } from "./backoff.ts";

const backoff = { baseMs: 100, maxMs: 2_000 };

test("the first retry is made at once", () => {
  assert.equal(backoffMs(1, backoff), 0);
});

for (const { failures, least, most } of [
  { failures: 2, least: 50, most: 100 },
  { failures: 3, least: 100, most: 200 },
  { failures: 5, least: 400, most: 800 },
  { failures: 7, least: 1_000, most: 2_000 },
  { failures: 1_000, least: 1_000, most: 2_000 },
]) {
  test(`after ${failures} failures the wait is between ${least} and ${most} ms`, () => {
    assert.equal(
      backoffMs(failures, backoff, () => 0),
      least,
    );
    assert.equal(
      backoffMs(failures, backoff, () => 1),
      most,
    );
  });
}
