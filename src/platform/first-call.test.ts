import assert from "node:assert/strict";
import { test } from "node:test";
import { madeAtFirstCall } from "./first-call.ts";

test("a function is made once, when it is first called", () => {
  let made = 0;
  const add = madeAtFirstCall(() => {
    made++;
    return (one: number, other: number) => one + other;
  });
  assert.equal(made, 0);
  assert.deepEqual([add(1, 2), add(3, 4), made], [3, 7, 1]);
});

test("one that could not be made is tried again", () => {
  let tries = 0;
  const answer = madeAtFirstCall(() => {
    if (++tries === 1) throw new Error("not yet");
    return () => 42;
  });
  assert.throws(answer, /not yet/);
  assert.equal(answer(), 42);
});
