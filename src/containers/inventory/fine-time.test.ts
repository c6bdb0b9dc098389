import assert from "node:assert/strict";
import { test } from "node:test";
import { createFineTime } from "./fine-time.ts";

/** Clocks that a test moves: the day's shows whole milliseconds. */
function clocks() {
  const now = { ms: 5_000.25, aheadMs: 1_000_000 };
  return {
    now,
    read: { day: () => Math.floor(now.ms + now.aheadMs), monotonic: () => now.ms },
    real: () => now.ms + now.aheadMs,
  };
}

test("it is never early, and the more often it is asked for the closer it gets", () => {
  const { now, read, real } = clocks();
  const time = createFineTime(read);
  let excess = 1;
  for (let i = 0; i < 50; i++) {
    now.ms += 1.13;
    excess = time() - real();
    assert.ok(excess >= 0 && excess <= 1, `${excess}`);
  }
  assert.ok(excess < 0.1, `${excess}`);
});

for (const byMs of [3_600_000, -3_600_000, 5]) {
  test(`it follows a clock that is set by ${byMs} ms at once`, () => {
    const { now, read, real } = clocks();
    const time = createFineTime(read);
    time();
    now.aheadMs += byMs;
    const excess = time() - real();
    assert.ok(excess >= 0 && excess <= 1, `${excess}`);
  });
}
