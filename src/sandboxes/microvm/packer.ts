/** Packs the memory of machines that are paused for longer, one at a time: who pauses and resumes pays nothing for it. The packed file is whole and on the disk before
 *  it is named in the other's place, and the other goes after that: so whenever we die, there is one of them that is whole, and it is the one that is named. */
import { rmSync } from "node:fs";
import { isYardError } from "../../platform/errors.ts";
import { after } from "../../platform/timers.ts";
import { packMemory } from "./memory-image.ts";
import type { SavedMemory, Store } from "./store.ts";

export interface Packer {
  /** Packs it after a while. @param onPacked names it in the other's place. @throws, if it cannot be recorded */
  add(memory: SavedMemory, onPacked: (packed: SavedMemory) => void): Packing;
}

export interface Packing {
  /** Nothing is done any more from here on; resolves when nothing is open. */
  cancel(): Promise<void>;
}

export interface PackerOptions {
  readonly store: () => Store;
  /** Somebody else's, too, who is in a hurry: it would be there twice. */
  readonly isShared: (file: string) => boolean;
  readonly afterMs: number;
  readonly onNotice?: (message: string) => void;
}

export function createPacker({ store, isShared, afterMs, onNotice }: PackerOptions): Packer {
  let last = Promise.resolve();

  async function pack(memory: SavedMemory, onPacked: (packed: SavedMemory) => void, signal: AbortSignal) {
    if (signal.aborted || isShared(memory.file)) return;
    const file = store().newName("memory");
    const path = store().pathOf(file);
    try {
      using _held = store().hold();
      const image = await packMemory(store().pathOf(memory.file), memory.image, { to: path, signal });
      signal.throwIfAborted();
      onPacked({ ...memory, file, image });
    } catch (error) {
      rmSync(path, { force: true });
      if (signal.aborted) return;
      const reason = isYardError(error) ? error.message : String(error);
      onNotice?.(`The memory of a paused machine stays as large as it is: ${reason}`);
    }
    store().collect();
  }

  return {
    add(memory, onPacked) {
      if (memory.image.packedBytes !== undefined) return { cancel: async () => {} };
      const cancelling = new AbortController();
      let own = Promise.resolve();
      const timer = after(afterMs, () => {
        last = last.then(() => {
          own = pack(memory, onPacked, cancelling.signal);
          return own;
        });
      });
      return {
        cancel() {
          timer[Symbol.dispose]();
          cancelling.abort();
          return own; // those before it are nobody's to wait for
        },
      };
    },
  };
}
