import assert from "node:assert/strict";
import { test } from "node:test";
import { YardError } from "../platform/errors.ts";
import { until } from "../platform/testing/until.ts";
import { type MeasuredUse, openHostLoads } from "./host-loads.ts";

const use = (cpuPercent: number, cores = 2): MeasuredUse => ({
  ...{ cpuPercent, cores, memoryBytes: 10, memoryTotalBytes: 100 },
  disk: { usedBytes: 1, totalBytes: 2 },
});

test("what hosts use is kept for an hour at most, together by their cores, and one that is away is left out", async () => {
  let now = 1_000;
  const times = { stepMs: 5, patienceMs: 5_000 };
  const uses: Record<string, MeasuredUse | undefined> = { a: use(100), b: use(0, 6) };
  await using loads = openHostLoads({
    hostIds: () => Object.keys(uses),
    async use(id) {
      const found = uses[id];
      if (!found) throw new YardError("unavailable", "it is away");
      return found;
    },
    clock: { now: () => now, monotonic: () => 0 },
    times,
  });
  await until(() => loads.points(["a", "b"]).length > 0, { what: "the first look" });
  const together = { at: 1_000, cpuPercent: 25, memoryBytes: 20, memoryTotalBytes: 200 };
  assert.deepEqual(loads.points(["a", "b"])[0], together);
  assert.equal(loads.points(["a"])[0]?.cpuPercent, 100);
  assert.deepEqual(loads.latest("a"), { at: 1_000, ...use(100) });
  assert.equal(loads.latest("c"), undefined);

  uses.a = undefined;
  await until(() => loads.latest("a") === undefined, { what: "that a is away" });
  assert.equal(loads.points(["a"]).length < loads.points(["b"]).length, true);

  now += 3_600_001;
  await until(() => loads.points(["a"]).length === 0, { what: "that what is old is forgotten" });
  assert.ok(loads.points(["b"]).every(({ at }) => at >= now - 3_600_000));
});

test("a host that does not answer is asked no second time meanwhile", async () => {
  let asked = 0;
  let looks = 0;
  await using loads = openHostLoads({
    hostIds: () => {
      looks += 1;
      return ["a", "b"];
    },
    use(id) {
      if (id === "b") return Promise.resolve(use(1));
      asked += 1;
      return new Promise(() => {});
    },
    clock: { now: () => looks, monotonic: () => 0 },
    times: { stepMs: 1, patienceMs: 20 },
  });
  await until(() => loads.latest("b") !== undefined, { what: "the look that did not wait for it" });
  await until(() => looks >= 2, { what: "the next look" });
  assert.equal(asked, 1);
});
