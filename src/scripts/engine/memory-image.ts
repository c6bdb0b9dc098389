/** The state of an engine as bytes. */

export interface EngineMemory {
  /** The linear memory, whole pages of 64 KiB. */
  readonly memory: Uint8Array;
  /** The one register that is not in the memory. Below it nothing is alive. */
  readonly stackPointer: number;
  /** Where in the memory the guest's hooks are. */
  readonly hooks: number;
}

/** Memory is compared, hashed and stored in pages of this size: small enough that a small change is a small page, large enough that their hashes
 *  are few. A small step over a megabyte of state changes some 25 (measured). */
export const heapPageBytes = 4_096;

/** Which pages of `memory` differ from `before`, which may be shorter. */
export function changedPages(memory: Uint8Array, before: Uint8Array): number[] {
  const now = Buffer.from(memory.buffer, memory.byteOffset, memory.byteLength);
  const changed: number[] = [];
  for (let at = 0; at < now.length; at += heapPageBytes) {
    const isSame = at < before.length && now.compare(before, at, at + heapPageBytes, at, at + heapPageBytes) === 0;
    if (!isSame) changed.push(at / heapPageBytes);
  }
  return changed;
}
