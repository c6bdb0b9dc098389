import assert from "node:assert/strict";
import { test } from "node:test";
import { inert } from "./inert.ts";

for (const { what, text, shown } of [
  { what: "a title report", text: "a\x1b]0;owned\x07b", shown: "a\\x1b]0;owned\\x07b" },
  { what: "an 8-bit control sequence", text: "\x9b2J", shown: "\\x9b2J" },
  { what: "a line break", text: "one\r\ntwo\tthree", shown: "one\\r\\ntwo\\tthree" },
  { what: "text that turns around", text: "safe\u202eexe.txt", shown: "safe\\u{202e}exe.txt" },
  { what: "half of a pair", text: "\ud800", shown: "\\u{d800}" },
  { what: "an honest name", text: "Größe 🚀 ok", shown: "Größe 🚀 ok" },
]) {
  test(`${what} is shown as ${JSON.stringify(shown)}`, () => assert.equal(inert(text), shown));
}
