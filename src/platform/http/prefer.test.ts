import assert from "node:assert/strict";
import test from "node:test";
import { waitSecondsOf } from "./prefer.ts";

for (const [header, seconds] of [
  ["wait=5", 5],
  ["wait=0", 0],
  ['respond-async, wait="7"', 7],
  ["Wait = 3; foo=bar", 3],
  ["wait=60", 60],
  ["wait=3600", 60],
  ["wait=-1", undefined],
  ["wait=1.5", undefined],
  ["wait=soon", undefined],
  ["await=5", undefined],
  ["wait", undefined],
  ["", undefined],
  [undefined, undefined],
] as const)
  test(`Prefer: ${header} asks for ${seconds === undefined ? "no wait" : `${seconds} s`}`, () =>
    assert.equal(waitSecondsOf(header), seconds));
