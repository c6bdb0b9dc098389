import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { until } from "../../platform/testing/until.ts";
import { createPacker } from "./packer.ts";
import { openStore, type SavedMemory } from "./store.ts";

const content = Buffer.alloc(2_000_000, "memory");
const image = { sizeBytes: content.length, hash: createHash("sha256").update(content).digest("hex") };
const shape = { memoryMib: 256, vcpus: 1 };
const system = { kernel: "", initrd: "", accelerator: "tcg", machine: "pc-i440fx-7.2" } as const;

function openTestStore(directory: string) {
  const named = new Map<string, SavedMemory>();
  const store = openStore(directory, () => [...named.values()].map(({ file }) => file));
  const notices: string[] = [];
  const shared = new Set<string>();
  const packer = createPacker({
    store: () => store,
    isShared: (file) => shared.has(file),
    afterMs: 0,
    onNotice: (message) => notices.push(message),
  });
  return {
    ...{ store, named, notices, shared },
    add(name: string, bytes = content, onPacked = (packed: SavedMemory) => void named.set(name, packed)) {
      const memory: SavedMemory = { file: store.newName("memory"), image, shape, system };
      writeFileSync(store.pathOf(memory.file), bytes);
      named.set(name, memory);
      return { memory, packing: packer.add(memory, onPacked) };
    },
    isPacked: (name: string) => named.get(name)?.image.packedBytes !== undefined,
  };
}

test("what is packed is named in the other's place, and the other goes", async () => {
  using directory = temporaryDirectory();
  const { add, named, isPacked } = openTestStore(directory.path);
  const { memory } = add("one");
  await until(() => isPacked("one"));
  await until(() => !readdirSync(directory.path).includes(memory.file));
  assert.deepEqual(readdirSync(directory.path), [named.get("one")?.file]);
});

test("what is somebody else's, too, or damaged stays as it is, and holds up nothing", async () => {
  using directory = temporaryDirectory();
  const { add, shared, named, isPacked, notices } = openTestStore(directory.path);
  const first = add("shared").memory;
  shared.add(first.file);
  const second = add("damaged", Buffer.alloc(content.length)).memory;
  add("last");
  await until(() => isPacked("last")); // one at a time, in their order
  assert.deepEqual([named.get("shared"), named.get("damaged")], [first, second]);
  assert.match(notices.join(), /stays as large as it is: .* damaged/);
  await until(() => readdirSync(directory.path).length === 3);
});

test("what cannot be recorded is not packed", async () => {
  using directory = temporaryDirectory();
  const { add, notices } = openTestStore(directory.path);
  const { memory } = add("one", content, () => {
    throw new Error("the disk is full");
  });
  await until(() => notices.length > 0);
  assert.match(notices.join(), /the disk is full/);
  assert.deepEqual(readdirSync(directory.path), [memory.file]);
});

test("cancelling leaves the memory as it was", async () => {
  using directory = temporaryDirectory();
  const { add, notices, isPacked } = openTestStore(directory.path);
  const { memory, packing } = add("one");
  await until(() => readdirSync(directory.path).length > 1, { intervalMs: 1 });
  await packing.cancel();
  assert.equal(isPacked("one"), false);
  assert.deepEqual([readdirSync(directory.path), notices], [[memory.file], []]);
});
