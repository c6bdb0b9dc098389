import assert from "node:assert/strict";
import { test } from "node:test";
import { createFrameReader, encodeFrame, type Frame, FrameError } from "./frames.ts";

const limits = { headBytes: 100, attachmentBytes: 100 };

test("messages arrive whole, however the bytes are cut", () => {
  const bytes = Buffer.concat([
    ...encodeFrame({ n: 1 }, Buffer.from("abc")),
    ...encodeFrame({ n: 2 }),
    ...encodeFrame({ n: 3 }, Buffer.alloc(100, 7)),
  ]);
  for (const size of [1, 3, 8, 11, bytes.length]) {
    const frames: Frame[] = [];
    const read = createFrameReader(limits, (frame) => frames.push(frame));
    for (let at = 0; at < bytes.length; at += size) read(bytes.subarray(at, at + size));
    assert.deepEqual(
      frames.map(({ head, attachment }) => [head, attachment.length]),
      [
        [{ n: 1 }, 3],
        [{ n: 2 }, 0],
        [{ n: 3 }, 100],
      ],
    );
  }
});

test("a message that claims to be too long is refused before its bytes come", () => {
  for (const [head, attachment] of [
    [101, 0],
    [2, 0xffff_ffff],
  ] as const) {
    const prefix = Buffer.alloc(8);
    prefix.writeUInt32LE(head, 0);
    prefix.writeUInt32LE(attachment, 4);
    assert.throws(() => createFrameReader(limits, () => {})(prefix), FrameError);
  }
});

test("a head that is no JSON is refused", () => {
  const bytes = Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff]);
  assert.throws(() => createFrameReader(limits, () => {})(bytes), FrameError);
});
