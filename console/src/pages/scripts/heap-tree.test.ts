import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExecutionRow } from "./execution-row.ts";
import { heapTree } from "./heap-tree.ts";

let clock = 0;
function run(heapIn: string | null, heapOut: string | null): ExecutionRow {
  clock += 1;
  const none = { session: null, fsOut: null, error: null, endedAt: clock, queuedMs: 0, runMs: 1 };
  return { ...none, id: `run-${clock}`, status: "completed", heapIn, heapOut, createdAt: clock };
}

const shown = (runs: readonly ExecutionRow[]) => heapTree(runs).map(({ heap, depth }) => `${" ".repeat(depth)}${heap}`);

test("a chain stays at its depth, and branches are indented below where they begin", () => {
  const runs = [run(null, "a"), run("a", "b"), run("b", "c"), run("b", "d"), run("d", "e")];
  assert.deepEqual(shown(runs), ["a", "b", " c", " d", " e"]);
  assert.deepEqual(shown(runs.toReversed()), ["a", "b", " c", " d", " e"], "in whatever order they come");
});

test("what was begun last comes first, and runs without a memory are left out", () => {
  assert.deepEqual(shown([run(null, "old"), run(null, null), run(null, "new")]), ["new", "old"]);
});

test("a memory whose maker is forgotten begins a tree, and one that is made twice is there once", () => {
  assert.deepEqual(shown([run("gone", "a"), run("a", "a"), run("gone", "a")]), ["a"]);
});

test("a chain of thousands of steps is no deeper than one", () => {
  const runs = Array.from({ length: 20_000 }, (_, at) => run(at === 0 ? null : `h${at - 1}`, `h${at}`));
  assert.equal(heapTree(runs).at(-1)?.depth, 0);
});
