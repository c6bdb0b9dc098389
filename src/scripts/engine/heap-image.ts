/** A script's saved memory as a value: its pages, and the name that they have by their content. */
import { hash } from "node:crypto";
import { YardError } from "../../platform/errors.ts";
import { bytesOf, type EngineMemory, heapPageBytes, withPages } from "./memory-image.ts";
import { wasmPageBytes } from "./wasm-memory.ts";

export interface HeapImage extends EngineMemory {
  /** SHA-256 (hex) over what identifies the engine, and the hashes of all pages: the same content has the same id, and only changed pages are
   *  hashed to find it. */
  readonly id: string;
  /** The engine that it can be loaded by. */
  readonly build: string;
  /** SHA-256 of each page, 32 bytes each. */
  readonly hashes: Uint8Array;
}

const hashBytes = 32;

export function heapImage(build: string, content: EngineMemory): HeapImage {
  const hashes = Buffer.alloc(content.pages.length * hashBytes);
  for (const [page, bytes] of content.pages.entries()) hashes.set(hash("sha256", bytes, "buffer"), page * hashBytes);
  return named(build, content, hashes);
}

export interface HeapChange {
  /** Of the whole memory. */
  readonly bytes: number;
  readonly stackPointer: number;
  readonly hooks: number;
  /** Pages, in ascending order; all that the memory has grown by are among them. */
  readonly changed: readonly number[];
}

/** The image that `before` becomes by a change. Only what has changed is copied and hashed. What a script's engine claims is checked here.
 *  @param content the changed pages, one after the other
 *  @throws {YardError} internal, if the change does not fit */
export function applyChange(before: HeapImage, change: HeapChange, content: Uint8Array): HeapImage {
  if (!isSound(before, change, content))
    throw new YardError("internal", "The script engine has sent a memory image that cannot be right.");
  const { bytes, stackPointer, hooks, changed } = change;
  const pages = withPages(before.pages, changed, content);
  const hashes = Buffer.alloc((bytes / heapPageBytes) * hashBytes);
  hashes.set(before.hashes);
  for (const page of changed) hashes.set(hash("sha256", pages[page]!, "buffer"), page * hashBytes);
  return named(before.build, { pages, stackPointer, hooks }, hashes);
}

function isSound(before: HeapImage, { bytes, stackPointer, hooks, changed }: HeapChange, content: Uint8Array): boolean {
  const count = bytes / heapPageBytes;
  const added = changed.filter((page) => page >= before.pages.length);
  return (
    bytes % wasmPageBytes === 0 &&
    count >= before.pages.length &&
    added.length === count - before.pages.length &&
    stackPointer <= bytes &&
    hooks < bytes &&
    content.length === changed.length * heapPageBytes &&
    changed.every((page, index) => page < count && (index === 0 || page > changed[index - 1]!))
  );
}

/** Which pages of `image` are others than those of `before`, by reference or, where they came by different ways, by hash.
 *  @param before absent: all */
export function pagesBeyond(image: HeapImage, before: HeapImage | undefined): number[] {
  const differing: number[] = [];
  for (const [page, bytes] of image.pages.entries()) {
    const isSame = before !== undefined && (bytes === before.pages[page] || hasSameHash(image, before, page));
    if (!isSame) differing.push(page);
  }
  return differing;
}

function hasSameHash(image: HeapImage, before: HeapImage, page: number): boolean {
  if (page >= before.pages.length) return false;
  const [from, to] = [page * hashBytes, (page + 1) * hashBytes];
  return Buffer.compare(image.hashes.subarray(from, to), before.hashes.subarray(from, to)) === 0;
}

function named(build: string, content: EngineMemory, hashes: Uint8Array): HeapImage {
  const { pages, stackPointer, hooks } = content;
  const head = JSON.stringify({ build, bytes: bytesOf(content), stackPointer, hooks });
  const id = hash("sha256", Buffer.concat([Buffer.from(head), hashes]));
  return { id, build, pages, stackPointer, hooks, hashes };
}
