import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { temporaryDirectory } from "../platform/testing/temporary-directory.ts";
import { writeTar } from "../platform/trees/tar.ts";
import { digestOfTree } from "../platform/trees/tree-digest.ts";
import type { TreeEntry } from "../platform/trees/tree-entry.ts";
import { parseStackName, parseStackSource } from "./parse.ts";
import { stackFileLimits } from "./protocol.ts";
import { openStackPlaces } from "./stack-places.ts";

/** A directory `conf` with one file in it. */
async function* conf(content: string): AsyncGenerator<TreeEntry> {
  yield { type: "directory", path: "conf", mode: 0o755 };
  const bytes = Buffer.from(content);
  yield { type: "file", path: "conf/a", mode: 0o644, size: bytes.length, content: Readable.from([bytes]) };
}

async function sourceOf(content: string, isWritable = false) {
  const { digest } = await digestOfTree(conf(content), stackFileLimits);
  return { path: "etc/conf", digest, isWritable };
}

async function open(directory: string) {
  const places = await openStackPlaces(directory);
  const find = async (content: string, isWritable = false) => {
    const [place] = await places.find("shop", [await sourceOf(content, isWritable)]);
    assert.ok(place);
    return place;
  };
  const fill = async (content: string) => places.fill("shop", await sourceOf(content), writeTar(conf(content)));
  return { places, find, fill };
}

test("files are there as a whole, under the name they have, and each content has a place of its own", async () => {
  using directory = temporaryDirectory();
  const { find, fill } = await open(directory.path);
  const before = await find("one");
  assert.deepEqual([before.isThere, before.isOwn], [false, false]);
  await fill("one");
  await fill("one");
  const after = await find("one");
  assert.deepEqual(after, { ...before, isThere: true });
  assert.equal(await readFile(join(after.hostPath, "a"), "utf8"), "one");
  assert.notEqual((await find("two")).hostPath, after.hostPath);
});

test("what is not what its digest says, or breaks off, leaves nothing", async () => {
  using directory = temporaryDirectory();
  const { places, find } = await open(directory.path);
  await assert.rejects(places.fill("shop", await sourceOf("one"), writeTar(conf("two"))), { code: "invalid" });
  const broken = Readable.from(
    (async function* () {
      yield Buffer.alloc(100);
      throw new Error("the line broke");
    })(),
  );
  await assert.rejects(places.fill("shop", await sourceOf("one"), broken));
  assert.equal((await find("one")).isThere, false);
  assert.deepEqual(await readdir(directory.path), [".incoming"]);
  assert.deepEqual(await readdir(join(directory.path, ".incoming")), []);
});

test("what an agent that was killed had received is gone with the next one", async () => {
  using directory = temporaryDirectory();
  await mkdir(join(directory.path, ".incoming/half/conf"), { recursive: true });
  await open(directory.path);
  assert.deepEqual(await readdir(join(directory.path, ".incoming")), []);
});

test("a place that containers have written to stays theirs, where they may write", async () => {
  using directory = temporaryDirectory();
  const { places, find, fill } = await open(directory.path);
  await fill("one");
  const { hostPath } = await find("one");
  await writeFile(join(hostPath, "theirs"), "data");
  assert.deepEqual(await find("two", true), { hostPath, isThere: true, isOwn: true });
  assert.equal((await find("two")).isThere, false);
  await fill("two");
  await places.keepOnly("shop", [(await find("two")).hostPath]);
  assert.ok(existsSync(hostPath));
  await fill("three");
  await places.keepOnly("shop", [(await find("two")).hostPath]);
  assert.deepEqual([(await find("two")).isThere, (await find("three")).isThere], [true, false]);
});

test("whatever links containers leave, removing a stack removes nothing else", async () => {
  using directory = temporaryDirectory();
  const stacks = join(directory.path, "stacks");
  const outside = join(directory.path, "outside");
  await mkdir(outside);
  await writeFile(join(outside, "kept"), "");
  const { places, find, fill } = await open(stacks);
  await fill("one");
  const { hostPath } = await find("one");
  await symlink(outside, join(hostPath, "link"));
  await symlink(outside, join(dirname(hostPath), "beside"));
  await places.remove("shop");
  await places.remove("never-there");
  assert.deepEqual(await readdir(stacks), [".incoming"]);
  assert.deepEqual(await readdir(outside), ["kept"]);
});

test("names that lead elsewhere are refused", () => {
  const digest = "0".repeat(64);
  for (const name of ["", "..", "../x", "a/b", ".incoming", "A", "x".repeat(64)]) {
    assert.throws(() => parseStackName(name), { code: "invalid" }, name);
  }
  for (const path of ["/etc", "../x", "a/../b", "a//b", "a/", "."]) {
    assert.throws(() => parseStackSource({ path, digest, isWritable: false }), { code: "invalid" }, path);
  }
  assert.throws(() => parseStackSource({ path: "a", digest: "../x", isWritable: false }), { code: "invalid" });
});
