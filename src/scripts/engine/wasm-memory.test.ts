import assert from "node:assert/strict";
import { test } from "node:test";
import { readEngineBinaries } from "./engine-binaries.ts";
import { withMemoryMaximum } from "./wasm-memory.ts";

/** A module with one exported memory of `minimum` pages, without a maximum. */
const moduleOf = (minimum: number) =>
  Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 3, 1, 0, minimum, 7, 7, 1, 3, 0x6d, 0x65, 0x6d, 2, 0]);

test("a memory grows up to its maximum and no further", async () => {
  const { instance } = await WebAssembly.instantiate(withMemoryMaximum(moduleOf(1), 300));
  const memory = instance.exports.mem as WebAssembly.Memory;
  assert.equal(memory.grow(299), 1);
  assert.throws(() => memory.grow(1), RangeError);
});

test("a module that starts larger than the maximum is refused", () => {
  assert.throws(() => withMemoryMaximum(moduleOf(2), 1), RangeError);
});

test("a module without a memory, and bytes that are no module, are refused", () => {
  assert.throws(() => withMemoryMaximum(moduleOf(1).subarray(0, 8), 1), RangeError);
  assert.throws(
    () => withMemoryMaximum(Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 5, 0x80, 0x80, 0x80, 0x80, 0x80]), 1),
    RangeError,
  );
});

test("the engine's own module takes one", () => {
  assert.ok(new WebAssembly.Module(withMemoryMaximum(readEngineBinaries().wasm, 100)));
});
