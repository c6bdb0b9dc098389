import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAnsi, plainText } from "./ansi.ts";

test("colours become numbers, and end where they end", () => {
  const spans = parseAnsi("a \x1b[1;31mred\x1b[0m b \x1b[92mgreen\x1b[39m c");
  assert.deepEqual(
    spans.map(({ text, color, isBold }) => [text, color, isBold]),
    [
      ["a ", undefined, false],
      ["red", 1, true],
      [" b ", undefined, false],
      ["green", 10, false],
      [" c", undefined, false],
    ],
  );
});

for (const { what, line, text } of [
  { what: "the clipboard", line: "a\x1b]52;c;ZXZpbA==\x07b", text: "ab" },
  { what: "a link", line: "\x1b]8;;javascript:alert(1)\x1b\\click\x1b]8;;\x1b\\", text: "click" },
  { what: "a title", line: "\x1b]0;owned\x07x", text: "x" },
  { what: "a title without an end", line: "x\x1b]0;owned", text: "x" },
  { what: "cursor movements", line: "a\x1b[2J\x1b[10;10Hb", text: "ab" },
  { what: "a device control string", line: "a\x1bPq#0\x1b\\b", text: "ab" },
  { what: "C1 controls", line: "a\x9b31mb\x9d0;t\x9cc", text: "abc" },
  { what: "what was overwritten", line: "10 %\r50 %\rdone\r", text: "done" },
  { what: "a bell", line: "a\x07b", text: "a␇b" },
  { what: "a turned direction", line: "abc\u202etxt.exe", text: "abc\ufffdtxt.exe" },
  { what: "markup, which stays text", line: "<script>alert(1)</script>", text: "<script>alert(1)</script>" },
])
  test(`${what} is inert`, () => {
    assert.equal(plainText(line), text);
    assert.equal(
      parseAnsi(line)
        .map((span) => span.text)
        .join(""),
      text,
    );
  });

test("colours beyond the sixteen are plain, and what follows them is kept", () => {
  assert.deepEqual(
    parseAnsi("\x1b[38;5;196;1ma\x1b[38;2;1;2;3mb").map(({ color, isBold }) => [color, isBold]),
    [
      [undefined, true],
      [undefined, true],
    ],
  );
});

test("a long line of escapes takes no long time", () => {
  const startedAt = performance.now();
  plainText("\x1b]".repeat(50_000));
  plainText("\x1b[".repeat(50_000));
  assert.ok(performance.now() - startedAt < 1_000);
});
