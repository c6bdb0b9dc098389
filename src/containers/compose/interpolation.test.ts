// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Compose spells its variables so.
import assert from "node:assert/strict";
import { test } from "node:test";
import { InterpolationError, interpolate, withoutVariables } from "./interpolation.ts";

const variables: Readonly<Record<string, string>> = { A: "a", EMPTY: "", PATH_A: "x/y", _u1: "under" };
const lookup = (name: string) => variables[name];

for (const [text, expected] of [
  ["plain", "plain"],
  ["$A", "a"],
  ["x${A}y", "xay"],
  ["$A$A", "aa"],
  ["$A-$_u1", "a-under"],
  ["$PATH_A/z", "x/y/z"],
  ["$NONE", ""],
  ["${NONE}", ""],
  ["$$A", "$A"],
  ["$${A}", "${A}"],
  ["$$$A", "$a"],
  ["${A:-d}", "a"],
  ["${EMPTY:-d}", "d"],
  ["${EMPTY-d}", ""],
  ["${NONE:-d}", "d"],
  ["${NONE-d}", "d"],
  ["${NONE:-}", ""],
  ["${NONE:-a:b-c}", "a:b-c"],
  ["${A:+there}", "there"],
  ["${EMPTY:+there}", ""],
  ["${EMPTY+there}", "there"],
  ["${NONE+there}", ""],
  ["${A:?needed}", "a"],
  ["${EMPTY?needed}", ""],
  ["${NONE:-${A}}", "a"],
  ["${NONE:-${EMPTY:-${A:+deep}}}", "deep"],
  ["${NONE:-$A}", "a"],
  ["${NONE:-$$A}", "$A"],
  ["${A:-${NONE:?never asked}}", "a"],
] as const) {
  test(`${text} becomes ${JSON.stringify(expected)}`, () => assert.equal(interpolate(text, lookup), expected));
}

for (const [text, message] of [
  ["${NONE:?it is needed}", "needs the variable NONE, which is not set: it is needed"],
  ["${EMPTY:?}", "needs the variable EMPTY, which is not set"],
  ["${NONE?ask ${A}}", "needs the variable NONE, which is not set: ask a"],
  ["${A", "has a variable without its closing brace"],
  ["${", "has a variable without its closing brace"],
  ["${}", "has no valid variable"],
  ["${1A}", "has no valid variable"],
  ["${A!x}", "has no valid variable"],
  ["${A:x}", "has no valid variable"],
  ["100$", "has a $ that begins no variable"],
  ["$1", "has a $ that begins no variable"],
  ["$(id)", "has a $ that begins no variable"],
  ["${NONE:-".repeat(40) + "}".repeat(40), "nested too deeply"],
] as const) {
  test(`${text.slice(0, 40)} is refused`, () => {
    assert.throws(
      () => interpolate(text, lookup),
      (error) => error instanceof InterpolationError && error.message.includes(message),
    );
  });
}

test("a text that variables would make too long is refused", () => {
  const big = "x".repeat(100_000);
  assert.throws(() => interpolate("$BIG".repeat(1_000), () => big), /longer than/);
});

test("a text without variables is spelled so that it stays as it is", () => {
  for (const text of ["$A ${A} $$", "plain"]) assert.equal(interpolate(withoutVariables(text), lookup), text);
});
