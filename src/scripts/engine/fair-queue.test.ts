import assert from "node:assert/strict";
import { test } from "node:test";
import { createFairQueue } from "./fair-queue.ts";

test("keys take turns, however many entries one of them has", () => {
  const queue = createFairQueue<string>();
  for (const entry of ["a1", "a2", "a3", "a4"]) queue.push("a", entry);
  queue.push("b", "b1");
  queue.push("c", "c1");
  const taken = Array.from({ length: 6 }, () => queue.take());
  assert.deepEqual(taken, ["a1", "b1", "c1", "a2", "a3", "a4"]);
  assert.equal(queue.take(), undefined);
  assert.equal(queue.size, 0);
});

test("an entry that is taken out is not taken again", () => {
  const queue = createFairQueue<string>();
  queue.push("a", "a1");
  queue.push("a", "a2");
  assert.equal(queue.remove("a", "a1"), true);
  assert.equal(queue.remove("a", "a1"), false);
  assert.equal(queue.size, 1);
  assert.equal(queue.take(), "a2");
});
