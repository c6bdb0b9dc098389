import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import test from "node:test";
import { createChildren } from "./children.ts";
import { compare, verdictOf } from "./compare.ts";
import type { Bench, Metric, Side } from "./figure.ts";

const ratioOfAtMostTwo: Metric = { label: "time", unit: "ms", score: "ratio", aim: { at: "most", limit: 2 } };

function quietBench(): Bench {
  return {
    signal: new AbortController().signal,
    rounds: 5,
    children: createChildren(),
    directory: tmpdir(),
    say: () => {},
  };
}

/** Yields these values in turn, again and again, and notes each measurement. */
function sideOf(name: string, values: readonly number[], order: string[]): Side<"time"> {
  let next = 0;
  const measure = async () => {
    order.push(name);
    return { time: values[next++ % values.length] };
  };
  return { name, pids: () => [], measure };
}

for (const { score, aim, value, scatter, verdict } of [
  { score: "ratio", aim: { at: "most", limit: 2 }, value: 2, scatter: 1, verdict: "pass" },
  { score: "ratio", aim: { at: "most", limit: 2 }, value: 2.01, scatter: 1, verdict: "miss" },
  { score: "ratio", aim: { at: "least", limit: 0.6 }, value: 0.59, scatter: 1, verdict: "miss" },
  { score: "difference", aim: { at: "most", limit: 2 }, value: -1, scatter: 2, verdict: "pass" },
  { score: "ratio", aim: { at: "most", limit: 2 }, value: 0.1, scatter: 2.1, verdict: "inconclusive" },
  { score: "ratio", aim: { at: "most", limit: 2 }, value: 0.1, scatter: Number.NaN, verdict: "inconclusive" },
  { score: "ours", aim: { at: "most", limit: 2 }, value: 1, scatter: 9, verdict: "pass" },
  { score: "ratio", aim: undefined, value: 1, scatter: 9, verdict: "reported" },
] as const) {
  test(`${score} of ${value} against ${aim?.at} ${aim?.limit}, baseline scattering ${scatter}x: ${verdict}`, () => {
    assert.equal(verdictOf({ label: "", unit: "", score, aim }, value, scatter), verdict);
  });
}

test("both sides are measured in turn, after one measurement of each that does not count", async () => {
  const order: string[] = [];
  const [time] = await compare(quietBench(), {
    metrics: { time: ratioOfAtMostTwo },
    ours: sideOf("A", [100, 1, 2, 3, 4, 5], order),
    peer: sideOf("B", [1], order),
  });
  assert.equal(order.join(""), "AB".repeat(6));
  assert.deepEqual(time?.scores, [1, 2, 3, 4, 5]);
  assert.equal(time?.score, 3);
  assert.equal(time?.verdict, "miss");
});

test("a run whose baseline scatters more than twofold is repeated three times, then inconclusive", async () => {
  const order: string[] = [];
  const [time] = await compare(quietBench(), {
    metrics: { time: ratioOfAtMostTwo },
    ours: sideOf("A", [0.1], order),
    peer: sideOf("B", [1, 1, 1, 1, 2.1], order),
    warmUp: false,
  });
  assert.equal(order.length, 4 * 5 * 2);
  assert.equal(time?.attempts, 4);
  assert.equal(time?.verdict, "inconclusive");
});

test("an interrupted benchmark measures nothing more", async () => {
  const interrupted = new AbortController();
  const order: string[] = [];
  const ours: Side<"time"> = {
    ...sideOf("A", [1], order),
    measure: async () => {
      order.push("A");
      interrupted.abort(new Error("interrupted"));
      return { time: 1 };
    },
  };
  const bench = { ...quietBench(), signal: interrupted.signal };
  const spec = { metrics: { time: ratioOfAtMostTwo }, ours, peer: sideOf("B", [1], order), warmUp: false };
  await assert.rejects(compare(bench, spec), /interrupted/);
  assert.deepEqual(order, ["A"]);
});
