import assert from "node:assert/strict";
import { test } from "node:test";
import { readApart } from "./apart.ts";

function message(stream: number, text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(text.length, 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

for (const size of [1, 3, 8, 11, 1_000])
  test(`what is printed comes apart, whatever the stream is cut into: pieces of ${size} bytes`, async () => {
    const stream = Buffer.concat([message(1, "out"), message(2, "err"), message(1, ""), message(1, "more\n")]);
    async function* pieces() {
      for (let at = 0; at < stream.length; at += size) yield stream.subarray(at, at + size);
    }
    const printed = { stdout: "", stderr: "" };
    for await (const { to, bytes } of readApart(pieces())) printed[to] += bytes.toString();
    assert.deepEqual(printed, { stdout: "outmore\n", stderr: "err" });
  });
