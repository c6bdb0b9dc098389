/** A script's saved memory as a value: its bytes, and the name that they have by their content. */
import { createHash } from "node:crypto";
import { YardError } from "../../platform/errors.ts";
import { type EngineMemory, heapPageBytes } from "./memory-image.ts";
import { wasmPageBytes } from "./wasm-memory.ts";

export interface HeapImage extends EngineMemory {
  /** SHA-256 (hex) over all of it: the same content has the same id. */
  readonly id: string;
  /** The engine that it can be loaded by. */
  readonly build: string;
  /** SHA-256 of each page, 32 bytes each. */
  readonly hashes: Uint8Array;
}

const hashBytes = 32;

export function heapImage(build: string, content: EngineMemory): HeapImage {
  const pages = content.memory.length / heapPageBytes;
  const hashes = Buffer.alloc(pages * hashBytes);
  for (let page = 0; page < pages; page++) hashPage(content.memory, page).copy(hashes, page * hashBytes);
  return named(build, content, hashes);
}

export interface HeapChange {
  /** Of the whole memory. */
  readonly bytes: number;
  readonly stackPointer: number;
  readonly hooks: number;
  readonly changed: readonly number[];
}

/** The image that `before` becomes by a change. Only what has changed is hashed. What a script's engine claims is checked here.
 *  @param pages the changed pages, one after the other
 *  @throws {YardError} internal, if the change does not fit */
export function applyChange(
  before: HeapImage,
  { bytes, stackPointer, hooks, changed }: HeapChange,
  pages: Uint8Array,
): HeapImage {
  const count = bytes / heapPageBytes;
  const isSound =
    bytes % wasmPageBytes === 0 &&
    bytes >= before.memory.length &&
    stackPointer <= bytes &&
    hooks < bytes &&
    pages.length === changed.length * heapPageBytes &&
    changed.every((page, index) => page < count && (index === 0 || page > changed[index - 1]!));
  if (!isSound) throw new YardError("internal", "The script engine has sent a memory image that cannot be right.");
  const memory = Buffer.alloc(bytes);
  memory.set(before.memory);
  const hashes = Buffer.alloc(count * hashBytes);
  hashes.set(before.hashes);
  for (const [index, page] of changed.entries())
    memory.set(pages.subarray(index * heapPageBytes, (index + 1) * heapPageBytes), page * heapPageBytes);
  const beyond = before.memory.length / heapPageBytes;
  for (const page of changed) hashPage(memory, page).copy(hashes, page * hashBytes);
  const isChanged = new Set(changed);
  for (let page = beyond; page < count; page++)
    if (!isChanged.has(page)) hashPage(memory, page).copy(hashes, page * hashBytes);
  return named(before.build, { memory, stackPointer, hooks }, hashes);
}

export function pageHash(image: HeapImage, page: number): Uint8Array {
  return image.hashes.subarray(page * hashBytes, (page + 1) * hashBytes);
}

function hashPage(memory: Uint8Array, page: number): Buffer {
  return createHash("sha256")
    .update(memory.subarray(page * heapPageBytes, (page + 1) * heapPageBytes))
    .digest();
}

function named(build: string, { memory, stackPointer, hooks }: EngineMemory, hashes: Uint8Array): HeapImage {
  const head = JSON.stringify({ build, bytes: memory.length, stackPointer, hooks });
  const id = createHash("sha256").update(head).update(hashes).digest("hex");
  return { id, build, memory, stackPointer, hooks, hashes };
}
