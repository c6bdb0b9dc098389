import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { type Header, pack } from "tar-stream";
import { isYardError } from "../errors.ts";
import { until } from "../testing/until.ts";
import { readTar, writeTar } from "./tar.ts";
import type { TreeEntry } from "./tree-entry.ts";

const roomy = { maxBytes: 1_000_000 };

type TestHeader = Partial<Header> & { name: string };

/** What some other program would have written. */
async function archiveOf(headers: readonly TestHeader[]): Promise<Buffer> {
  const archive = pack();
  for (const header of headers) archive.entry(header, header.type === undefined ? "content" : "");
  archive.finalize();
  return buffer(Readable.from(archive));
}

async function readAll(bytes: Buffer, partBytes = bytes.length): Promise<string[]> {
  const parts = function* () {
    for (let at = 0; at < bytes.length; at += partBytes) yield bytes.subarray(at, at + partBytes);
  };
  const seen: string[] = [];
  for await (const entry of readTar(Readable.from(parts()), roomy))
    seen.push(
      entry.type === "file"
        ? `${entry.path}=${await buffer(Readable.from(entry.content))}`
        : `${entry.type} ${entry.path}`,
    );
  return seen;
}

const refused = (says: RegExp) => (error: unknown) => isYardError(error, "invalid") && says.test(error.message);

for (const [header, says] of [
  [{ name: "../x" }, /leads out/],
  [{ name: "a/../../x" }, /leads out/],
  [{ name: "/etc/x" }, /leads out/],
  [{ name: "a/.." }, /leads out/],
  [{ name: "n".repeat(256) }, /leads out/],
  [{ name: "a", type: "link", linkname: "/etc/passwd" }, /hold files/],
  [{ name: "a", type: "block-device", devmajor: 8, devminor: 0 }, /a block-device/],
  [{ name: "a", type: "character-device" }, /a character-device/],
  [{ name: "a", type: "fifo" }, /a fifo/],
  [{ name: "./", type: "symlink", linkname: "/etc" }, /no name/],
] as const satisfies [TestHeader, RegExp][])
  test(`an archive with ${JSON.stringify(header).slice(0, 60)} is refused`, async () => {
    await assert.rejects(readAll(await archiveOf([{ name: "first" }, header])), refused(says));
  });

test("the mode of a file holds no setuid, and the root of an archive is no entry", async () => {
  const bytes = await archiveOf([
    { name: "./", type: "directory", mode: 0o700 },
    { name: "./a//b", mode: 0o6755 },
  ]);
  const modes: number[] = [];
  for await (const entry of readTar(Readable.from([bytes]), roomy)) {
    assert.equal(entry.path, "a/b");
    if (entry.type === "file") modes.push(entry.mode);
  }
  assert.deepEqual(modes, [0o755]);
});

test("wherever an archive is cut off, damaged, or cut into parts, it is read whole or refused", async () => {
  const bytes = await archiveOf([{ name: "a" }, { name: "b" }]);
  assert.deepEqual(await readAll(bytes, 100), ["a=content", "b=content"]);
  for (const length of [0, 1, 511, 512, 515, 1_024, 1_536, 2_048, 2_560, bytes.length - 1])
    await assert.rejects(readAll(bytes.subarray(0, length)), refused(/tar archive/), `${length} bytes`);
  for (const at of [0, 140, 1_024]) {
    const damaged = Buffer.from(bytes);
    damaged[at]! ^= 1;
    await assert.rejects(readAll(damaged), refused(/cannot be read/));
  }
  await assert.rejects(readAll(Buffer.alloc(4_096, "no archive")), refused(/cannot be read/));
});

test("a reader that stops leaves the source as it is", async () => {
  const source = Readable.from([await archiveOf([{ name: "a" }, { name: "b" }])]);
  for await (const entry of readTar(source, roomy)) if (entry.path === "a") break;
  assert.equal(source.destroyed, false);
});

test("an archive that is longer than allowed is refused, also where it holds nothing", async () => {
  const endless = async function* () {
    for (;;) yield Buffer.alloc(65_536);
  };
  await assert.rejects(readTar(Readable.from(endless()), roomy).next(), (error) => isYardError(error, "too_large"));
});

test("what a source fails with is told", async () => {
  const source = new Readable({ read: () => {} });
  const bytes = await archiveOf([{ name: "a" }]);
  source.push(bytes.subarray(0, 515));
  const failed = assert.rejects(async () => {
    for await (const entry of readTar(source, roomy))
      if (entry.type === "file") await buffer(Readable.from(entry.content));
  }, /went away/);
  source.destroy(new Error("went away"));
  await failed;
});

function file(path: string, size: number, content: AsyncIterable<Uint8Array>): TreeEntry {
  return { type: "file", path, mode: 0o644, size, content };
}

test("an archive fails with what its entries fail with, also in the middle of a file", async () => {
  const failing = Readable.from(
    (function* () {
      yield Buffer.alloc(10);
      throw new Error("unreadable");
    })(),
  );
  await assert.rejects(buffer(writeTar(Readable.from([file("a", 20, failing)]))), /unreadable/);
  await assert.rejects(buffer(writeTar(Readable.from([file("a", 5, Readable.from([Buffer.alloc(2)]))]))), /mismatch/i);
});

test("an archive is made as fast as it is read, and ends with its reader", async () => {
  let made = 0;
  let ended = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        made += 65_536;
        yield Buffer.alloc(65_536);
      }
    } finally {
      ended = true;
    }
  }
  const archive = writeTar(Readable.from([file("a", 2 ** 40, endless())]));
  for await (const part of archive) if ((part as Buffer).length > 0 && made > 300_000) break;
  assert.ok(made < 2_000_000, `${made} bytes were made`);
  await until(() => ended, { what: "the source was closed" });
});
