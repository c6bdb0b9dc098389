import assert from "node:assert/strict";
import { test } from "node:test";
import { createHistory, decodeHistory } from "./history.ts";

const start = 1_000_000_000_000;

/** One point each half second. */
function filled(count: number) {
  const history = createHistory();
  for (let i = 0; i < count; i++)
    history.add({ at: start + i * 500, cpuPercent: i % 100, memoryBytes: 1_000 + i, diskBytes: 5 });
  return { history, end: start + (count - 1) * 500 };
}

test("the finest tier holds ten minutes, and a range shows its part", () => {
  const { history, end } = filled(3_000);
  assert.equal(history.read("10m", end).length, 1_200);
  const five = history.read("5m", end);
  assert.equal(five.length, 601);
  assert.deepEqual([five[0]!.at, five.at(-1)!.at], [end - 300_000, end]);
  assert.deepEqual(history.read("10m", end + 3_600_000), [], "what is older is not shown as new");
});

test("coarser tiers are means, with the time of the last point of each", () => {
  const { history, end } = filled(60 * 10);
  const means = history.read("1h", end);
  assert.equal(means.length, 10);
  assert.deepEqual(means[0], { at: start + 59 * 500, cpuPercent: 29.5, memoryBytes: 1_030, diskBytes: 5 });
  const [mean, ...others] = history.read("24h", end);
  assert.deepEqual(others, []);
  assert.deepEqual([mean?.at, mean?.memoryBytes], [end, 1_300]);
});

test("a day of points takes no more than its rings hold", () => {
  const { history, end } = filled(2 * 86_400 + 10_000);
  assert.equal(history.read("2h", end).length, 240);
  assert.equal(history.read("24h", end).length, 288);
  assert.ok(history.encode().byteLength < 60_000);
});

test("what was written down is read back, and goes on where it was", () => {
  const { history, end } = filled(2_000);
  const copy = decodeHistory(history.encode())!;
  for (const one of [history, copy]) {
    for (let i = 1; i <= 700; i++) one.add({ at: end + i * 500, cpuPercent: 1, memoryBytes: 2, diskBytes: 3 });
  }
  for (const range of ["10m", "2h", "24h"] as const)
    assert.deepEqual(copy.read(range, end + 350_000), history.read(range, end + 350_000));
  const coarse = decodeHistory(history.encode({ finest: 1 }))!;
  assert.deepEqual(coarse.read("10m", end), []);
  assert.deepEqual(coarse.read("2h", end), history.read("2h", end));
});

test("what is no history is not taken for one", () => {
  const bytes = filled(10).history.encode();
  assert.equal(decodeHistory(bytes.subarray(0, bytes.length - 8)), undefined);
  assert.equal(decodeHistory(bytes.subarray(0, 13)), undefined);
  assert.equal(decodeHistory(new Uint8Array(Float64Array.of(5_000, 0, 0, 0, 0, 0).buffer)), undefined);
});
