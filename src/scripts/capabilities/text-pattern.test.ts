import assert from "node:assert/strict";
import { test } from "node:test";
import { matchesText, parseTextPattern } from "./text-pattern.ts";

for (const [pattern, text, isMatch] of [
  ["abc", "abc", true],
  ["abc", "abcd", false],
  ["", "", true],
  ["", "a", false],
  ["*", "", true],
  ["*", "anything at all/\n", true],
  ["a*", "a", true],
  ["a*", "ba", false],
  ["*c", "abc", true],
  ["a*a", "a", false],
  ["a*b*c", "a-b-b-c", true],
  ["a*b*c", "a-c-b", false],
  ["*ab*ab", "xabxab", true],
  ["*ab*ab", "xab", false],
] as const)
  test(`${JSON.stringify(pattern)} ${isMatch ? "is" : "is not"} for ${JSON.stringify(text)}`, () =>
    assert.equal(matchesText(parseTextPattern(pattern), text), isMatch));

test("a pattern of many stars takes no time", () => {
  const startedAt = performance.now();
  assert.equal(matchesText(parseTextPattern(`${"*a".repeat(400)}b`), "a".repeat(100_000)), false);
  assert.ok(performance.now() - startedAt < 1_000);
});
