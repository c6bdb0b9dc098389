/** The state of an engine as a value: its memory in pages. Images that come from one another share the pages that they have in common, so that
 *  a chain of steps holds, copies, hashes and sends what has changed and nothing else. */

/** Memory is compared, hashed and stored in pages of this size: small enough that a small change is a small page, large enough that their hashes
 *  are few. A small step over a megabyte of state changes some 25 (measured). */
export const heapPageBytes = 4_096;

export interface EngineMemory {
  /** All of the linear memory. A page never changes, and is in memory of its own: it keeps nothing alive but itself. */
  readonly pages: readonly Uint8Array[];
  /** The one register that is not in the memory. Below it nothing is alive: there the pages are zero. */
  readonly stackPointer: number;
  /** Where in the memory the guest's hooks are. */
  readonly hooks: number;
}

/** An engine's memory as it is, and as it changes with the next thing that runs. */
export interface LiveMemory extends Omit<EngineMemory, "pages"> {
  readonly memory: Uint8Array;
}

export function bytesOf({ pages }: Pick<EngineMemory, "pages">): number {
  return pages.length * heapPageBytes;
}

/** Which pages of `memory` differ from those of `before`, which may be fewer. */
export function changedPages(memory: Uint8Array, before: readonly Uint8Array[]): number[] {
  const now = Buffer.from(memory.buffer, memory.byteOffset, memory.byteLength);
  const changed: number[] = [];
  for (let page = 0, at = 0; at < now.length; page++, at += heapPageBytes) {
    const known = before[page];
    if (known === undefined || now.compare(known, 0, heapPageBytes, at, at + heapPageBytes) !== 0) changed.push(page);
  }
  return changed;
}

/** The pages of `before` with the changed ones put in their places, each copied out of `content`, where they lie one after the other.
 *  @param changed in ascending order; all that lie beyond `before` */
export function withPages(
  before: readonly Uint8Array[],
  changed: readonly number[],
  content: Uint8Array,
): readonly Uint8Array[] {
  const pages = [...before];
  for (const [index, page] of changed.entries())
    pages[page] = new Uint8Array(content.subarray(index * heapPageBytes, (index + 1) * heapPageBytes));
  return pages;
}

/** @param content page after page */
export function pagesOf(content: Uint8Array): readonly Uint8Array[] {
  const all = Array.from({ length: content.length / heapPageBytes }, (_, page) => page);
  return withPages([], all, content);
}
