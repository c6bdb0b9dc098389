import assert from "node:assert/strict";
import { test } from "node:test";
import { diffTexts } from "./diff-texts.ts";

test("texts are compared by lines", () => {
  const lines = diffTexts("one\ntwo\nthree\n", "one\n2\nthree\n").map(({ sign, text }) => `${sign}${text}`);
  assert.deepEqual(lines.slice(1), [" one", "-two", "+2", " three"]);
  assert.deepEqual(diffTexts("same\n", "same\n"), []);
});
