import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { zstdCompressSync } from "node:zlib";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { hashOfFile, receiveFile, receivePacked, sendFile, sizesOf } from "./part-files.ts";

test("a file arrives with its holes, whatever it ends with", async () => {
  using directory = temporaryDirectory();
  for (const [what, end] of [
    ["a hole", 50_000_000],
    ["something", 40_000_123],
    ["nothing", 0],
  ] as const) {
    const [from, to] = [join(directory.path, `${what} sent`), join(directory.path, `${what} arrived`)];
    const content = randomBytes(123);
    writeFileSync(from, end === 0 ? "" : content);
    truncateSync(from, end);
    if (what === "something") writeFileSync(from, content, { flag: "a" });
    const expected = { name: "x", bytes: statSync(from).size, hash: await hashOfFile(from) };
    const packed = await buffer(await sendFile(from, { isPacked: false }));
    assert.ok(packed.length < 100_000, "holes take next to nothing on their way");
    await receiveFile(Readable.from([packed.subarray(0, 7), packed.subarray(7)]), to, expected);
    assert.equal(await hashOfFile(to), expected.hash);
    assert.equal(statSync(to).size, expected.bytes);
    assert.ok(sizesOf(to).diskBytes <= sizesOf(from).diskBytes + 8_192, `${what}: ${sizesOf(to).diskBytes}`);
  }
});

test("what is sent packed is kept packed, and checked", async () => {
  using directory = temporaryDirectory();
  const content = Buffer.concat([randomBytes(1_000), Buffer.alloc(5_000_000)]);
  const expected = { name: "x", bytes: content.length, hash: createHash("sha256").update(content).digest("hex") };
  const packed = zstdCompressSync(content);
  const path = join(directory.path, "kept");
  assert.equal(await receivePacked(Readable.from([packed]), path, expected), packed.length);
  assert.ok(readFileSync(path).equals(packed));
  const again = join(directory.path, "again");
  const endless = zstdCompressSync(Buffer.alloc(100_000_000)); // small on its way, large where it arrives
  for (const bytes of [endless, packed.subarray(1), packed.subarray(0, -1), Buffer.alloc(0)]) {
    const refusal = { code: "invalid", field: "part", message: /damaged/ };
    await assert.rejects(receivePacked(Readable.from([bytes]), again, expected), refusal);
    await assert.rejects(receiveFile(Readable.from([bytes]), again, expected), refusal);
    assert.ok(!existsSync(again));
  }
});
