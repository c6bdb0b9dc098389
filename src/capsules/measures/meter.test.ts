import assert from "node:assert/strict";
import { test } from "node:test";
import { createMeter, idleStride } from "./meter.ts";

const usage = (cpuUs: number, memoryBytes = 1_000_000) => ({ cpuUs, memoryBytes, diskBytes: 7, processes: 1 });

test("CPU is told in percent of all virtual CPUs, and never of more than there are", () => {
  const meter = createMeter({ vcpus: 2, sampleMs: 500 });
  assert.deepEqual(meter.take(usage(0), 1_000), [], "nothing is known at the first look");
  assert.deepEqual(meter.take(usage(250_000), 1_500), [
    { at: 1_500, cpuPercent: 25, memoryBytes: 1_000_000, diskBytes: 7 },
  ]);
  assert.equal(meter.take(usage(9_000_000), 2_000)[0]?.cpuPercent, 100);
});

test("what has begun anew, or lies before the last look, is no point", () => {
  const meter = createMeter({ vcpus: 1, sampleMs: 500 });
  meter.take(usage(500_000), 1_000);
  assert.deepEqual(meter.take(usage(10), 1_500), []);
  assert.deepEqual(meter.take(usage(20), 1_400), []);
  assert.equal(meter.take(usage(20), 1_900).length, 1);
});

test("an idle capsule is looked at less often, and the points between are the mean", () => {
  const meter = createMeter({ vcpus: 1, sampleMs: 500 });
  for (let look = 0; look < 30; look++) meter.take(usage(look), look * 500);
  const due = Array.from({ length: 2 * idleStride }, (_, tick) => meter.isDue(tick));
  assert.equal(due.filter(Boolean).length, 2);
  const points = meter.take(usage(500_029), 29 * 500 + 5_000);
  assert.deepEqual(
    points.map(({ at }) => at),
    Array.from({ length: 10 }, (_, index) => 15_000 + index * 500),
  );
  assert.ok(points.every(({ cpuPercent }) => cpuPercent === 10));
  assert.ok(meter.isDue(1), "it is busy again");
});

test("one that somebody looks at is looked at often", () => {
  const meter = createMeter({ vcpus: 1, sampleMs: 500 });
  for (let look = 0; look < 30; look++) meter.take(usage(0), look * 500);
  assert.ok(!meter.isDue(1));
  meter.wake();
  assert.ok(meter.isDue(1));
});
