import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import test from "node:test";
import { holdOnDisk } from "./anonymous-file.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";

async function* chunks(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text);
}

test("what is held is read as it came, and has no name meanwhile", async () => {
  using directory = temporaryDirectory();
  await using file = await holdOnDisk(directory.path, chunks("one", "", "two"));
  assert.deepEqual(readdirSync(directory.path), []);
  assert.equal(file.bytes, 6);
  assert.equal(String(await buffer(file.content())), "onetwo");
});

test("a source that fails leaves nothing behind", async () => {
  using directory = temporaryDirectory();
  async function* failing() {
    yield Buffer.from("one");
    throw new Error("gone");
  }
  await assert.rejects(holdOnDisk(directory.path, failing()), /gone/);
  assert.deepEqual(readdirSync(directory.path), []);
});
