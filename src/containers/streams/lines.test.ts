import assert from "node:assert/strict";
import { test } from "node:test";
import { createDemultiplexer } from "./demultiplex.ts";
import { createLineCutter } from "./lines.ts";

/** As an engine sends it. */
function message(text: string, stream = 1): Buffer {
  const payload = Buffer.from(text);
  const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

function inPieces(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
}

for (const size of [1, 3, 7, 8, 9, 64, 1_000]) {
  test(`messages come out in order, whatever way they are cut into pieces of ${size}`, () => {
    const stream = Buffer.concat([message("one\n"), message("", 2), message("two", 2), message("three\nfour\n")]);
    const demultiplex = createDemultiplexer();
    const cutter = createLineCutter();
    const text = inPieces(stream, size).map((piece) => String(cutter.take(demultiplex(piece))));
    assert.equal(text.join("") + cutter.end(), "one\ntwo\nthree\nfour\n");
  });

  test(`lines stay whole in pieces of ${size}`, () => {
    const cutter = createLineCutter({ isTerminal: true });
    const text = inPieces(Buffer.from("Zoë 🦊\r\n\r\na\rb\r\nrest"), size).map((piece) => String(cutter.take(piece)));
    assert.ok(text.every((block) => block === "" || block.endsWith("\n")));
    assert.equal(text.join("") + cutter.end(), "Zoë 🦊\n\na\rb\nrest\n");
    assert.equal(String(cutter.end()), "");
  });
}

test("what is no UTF-8 is replaced, and nothing beside it", () => {
  const cutter = createLineCutter();
  const bytes = Buffer.concat([Buffer.from("a"), Buffer.from([0xff, 0xc3]), Buffer.from("\né\n")]);
  assert.equal(String(cutter.take(bytes)), "a\ufffd\ufffd\né\n");
});

test("a line without end is given out in parts, each with its time and whole characters", () => {
  const cutter = createLineCutter();
  const stamp = "2026-01-01T00:00:00.000000000Z ";
  const text = "🦊é".repeat(40_000);
  const blocks = inPieces(Buffer.from(`${stamp}${text}\nnext\n`), 1_001).map((piece) => String(cutter.take(piece)));
  const lines = blocks.join("").split("\n");
  assert.equal(lines.at(-2), "next");
  const parts = lines.slice(0, -2);
  assert.ok(parts.length > 2 && parts.every((part) => part.startsWith(stamp)));
  assert.equal(parts.map((part) => part.slice(stamp.length)).join(""), text);
});
