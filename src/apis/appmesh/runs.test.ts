import assert from "node:assert/strict";
import test from "node:test";
import { runTimesOf } from "./runs.ts";

const day = 86_400_000;
for (const { query, timeoutMs, lifetimeMs } of [
  { query: {}, timeoutMs: 2 * day, lifetimeMs: 2.5 * day },
  { query: { timeout: "5", lifecycle: "6" }, timeoutMs: 5_000, lifetimeMs: 6_000 },
  { query: { timeout: "PT1M" }, timeoutMs: 60_000, lifetimeMs: 2.5 * day },
  { query: { timeout: "0" }, timeoutMs: undefined, lifetimeMs: 2.5 * day },
  { query: { timeout: "-3" }, timeoutMs: undefined, lifetimeMs: 2.5 * day },
  { query: { timeout: "9999999" }, timeoutMs: 2 * day, lifetimeMs: 2.5 * day },
  { query: { timeout: "10", lifecycle: "5" }, timeoutMs: 10_000, lifetimeMs: 2.5 * day },
  { query: { timeout: "259200" }, timeoutMs: 3 * day, lifetimeMs: 3 * day },
  { query: { timeout: "5", lifecycle: "-1" }, timeoutMs: 5_000, lifetimeMs: 0 },
] as const) {
  test(`${JSON.stringify(query)} is ${timeoutMs} ms of run time and ${lifetimeMs} ms of life`, () => {
    assert.deepEqual(runTimesOf(query), { timeoutMs, lifetimeMs });
  });
}

for (const query of [{ lifecycle: "0" }, { timeout: "soon" }, { lifecycle: "P1M" }]) {
  test(`${JSON.stringify(query)} is refused by the name of its field`, () => {
    assert.throws(() => runTimesOf(query), { code: "invalid", field: Object.keys(query)[0] });
  });
}
