import assert from "node:assert/strict";
import { test } from "node:test";
import { createPrinter } from "./printed.ts";

const base64 = (bytes: Uint8Array | string) => Buffer.from(bytes).toString("base64");
const nothing = { position: 0, bytes: "" };

function printing() {
  let text = "";
  const store = {
    append: (more: string) => {
      text += more;
    },
    clear: () => {
      text = "";
    },
  };
  return { printer: createPrinter(store), text: () => text };
}

test("characters that come in pieces stay whole", () => {
  const { printer, text } = printing();
  const bytes = Buffer.from("é\n");
  printer.print({ stdout: { position: 0, bytes: base64(bytes.subarray(0, 1)) }, stderr: nothing });
  printer.print({ stdout: { position: 1, bytes: base64(bytes.subarray(1)) }, stderr: nothing });
  assert.equal(text(), "é\n");
  assert.deepEqual(printer.next, { stdout: 3, stderr: 0 });
});

test("errors are on lines of their own, and are told apart", () => {
  const { printer, text } = printing();
  printer.print({ stdout: { position: 0, bytes: base64("half") }, stderr: { position: 0, bytes: base64("bad\n") } });
  assert.equal(text(), "half\n\x1b[31mbad\x1b[39m\n");
});

test("what is gone is told of, and a task that begins anew is shown from its beginning", () => {
  const { printer, text } = printing();
  printer.print({ stdout: { position: 100, bytes: base64("late\n") }, stderr: nothing });
  assert.equal(text(), "…\nlate\n");
  printer.print({ stdout: { position: 0, bytes: base64("anew\n") }, stderr: nothing });
  assert.equal(text(), "anew\n");
});
