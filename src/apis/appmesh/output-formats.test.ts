import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { outputLines, outputPage } from "./output-formats.ts";

for (const [printed, lines] of [
  ["", []],
  ["one\n", ["one"]],
  ["one\r\ntwo", ["one", "two"]],
  ["\n\nx\n", ["", "", "x"]],
] as const) {
  test(`${JSON.stringify(printed)} has the lines ${JSON.stringify(lines)}`, () => {
    const expected = lines.map((stdout, i) => ({ index: i + 1, stdout }));
    assert.deepEqual(outputLines(Buffer.from(printed)), expected);
  });
}

for (const [what, printed, shown] of [
  ["tags", "<script>alert('1')</script>", "&#60;script&#62;alert(&#39;1&#39;)&#60;/script&#62;"],
  ["colours", "\x1b[31mred\x1b[0m", "red"],
  ["a write to the clipboard", "a\x1b]52;c;aGk=\x07b", "ab"],
  ["a link", "\x1b]8;;javascript:x\x1b\\here\x1b]8;;\x1b\\", "here"],
  ["a backspace and text that runs backwards", "a\bb\u202ec", "a\u{fffd}b\u{fffd}c"],
  ["lines and tabs", "a\tb\r\nc\n", "a\tb\nc\n"],
] as const) {
  test(`on a page, ${what} is inert`, () => {
    assert.ok(outputPage("app", Buffer.from(printed)).includes(`<pre>${shown}</pre>`));
  });
}

test("whatever is printed, and whatever the application is called, the page has the same tags and no control character", () => {
  const tags = (page: string) => page.match(/<[^>]*>/g);
  const plain = tags(outputPage("app", Buffer.alloc(0)));
  const nasty = fc.string({ unit: fc.oneof(fc.constantFrom(..."<>&\"'\x1b[]\x07\x9b;8m\u202e"), fc.string()) });
  fc.assert(
    fc.property(nasty, nasty, (name, printed) => {
      const page = outputPage(name, Buffer.from(printed));
      assert.deepEqual(tags(page), plain);
      assert.doesNotMatch(page, /(?![\n\t])[\p{Cc}\p{Bidi_Control}]/u);
    }),
  );
});
