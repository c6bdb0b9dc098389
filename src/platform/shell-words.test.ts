import assert from "node:assert/strict";
import { test } from "node:test";
import { splitShellWords } from "./shell-words.ts";

for (const [text, words] of [
  ["", []],
  ["  ", []],
  ["/bin/sh", ["/bin/sh"]],
  ["ls -l  /tmp\t/var", ["ls", "-l", "/tmp", "/var"]],
  ["echo 'a  b' \"c d\"", ["echo", "a  b", "c d"]],
  ["a'b'\"c\"d\\ e", ["abcd e"]],
  ["'' \"\"", ["", ""]],
  ['"\\$x \\" \\\\ \\n"', ['$x " \\ \\n']],
  ["'a\\b'", ["a\\b"]],
  ["$HOME `id` $(id) ; > | & *", ["$HOME", "`id`", "$(id)", ";", ">", "|", "&", "*"]],
  ["Zoë\u{1f98a}", ["Zoë\u{1f98a}"]],
] as const) {
  test(`${JSON.stringify(text)} is ${JSON.stringify(words)}`, () => assert.deepEqual(splitShellWords(text), words));
}

for (const text of ["'", 'a "b', "a\\", `${"x ".repeat(1_001)}`]) {
  test(`${JSON.stringify(text.slice(0, 10))} is refused`, () =>
    assert.throws(() => splitShellWords(text), { code: "invalid" }));
}
