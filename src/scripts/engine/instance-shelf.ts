/** The warm engines of one process. Memory never shrinks, so an engine can take an image that is at least as large as itself. */
import type { EngineBinaries } from "./engine-binaries.ts";
import { type EngineBase, EngineInstance } from "./engine-instance.ts";
import { bytesOf, type EngineMemory } from "./memory-image.ts";
import { wasmPageBytes } from "./wasm-memory.ts";

/** One that fits a fresh start, one that fits what is resumed, and one that is about to be replaced. */
const mostInstances = 3;
const megabyte = 1024 ** 2;
/** What an allocator loses between its blocks, and what passes through: the source, a message. */
const slack = 1.25;

export interface InstanceShelf {
  /** One that holds the image already, if there is one.
   *  @returns undefined if the image is larger than the memory limit allows */
  take(image: EngineMemory, memoryMb: number): Promise<EngineInstance | undefined>;
  /** Gives one back. Not to be called for one that has trapped. */
  put(instance: EngineInstance): void;
  /** Sees to it that the next fresh start finds an engine: to be called in idle moments. */
  prepare(memoryMb: number): Promise<void>;
}

export function createInstanceShelf(binaries: EngineBinaries, base: EngineBase): InstanceShelf {
  const shelf: EngineInstance[] = [];
  const basePages = bytesOf(base) / wasmPageBytes;

  /** By powers of two: every maximum is a module of its own to compile. The exact limit is the engine's own, see `limitBytes`. */
  function maximumPages(memoryMb: number): number {
    const rounded = 2 ** Math.ceil(Math.log2(Math.max(1, memoryMb)));
    return basePages + Math.ceil((rounded * slack * megabyte) / wasmPageBytes) + 2 * (megabyte / wasmPageBytes);
  }

  function find(image: EngineMemory, maximum: number): EngineInstance | undefined {
    const pages = bytesOf(image) / wasmPageBytes;
    const fitting = shelf
      .filter((instance) => instance.maximumPages === maximum && instance.pages <= pages)
      .sort((a, b) => b.pages - a.pages);
    return fitting.find((instance) => instance.holds(image)) ?? fitting[0];
  }

  return {
    async take(image, memoryMb) {
      const maximum = maximumPages(memoryMb);
      if (bytesOf(image) / wasmPageBytes > maximum) return undefined;
      const found = find(image, maximum);
      if (found === undefined) return EngineInstance.create(binaries, base, maximum);
      shelf.splice(shelf.indexOf(found), 1);
      return found;
    },
    put(instance) {
      shelf.push(instance);
      if (shelf.length > mostInstances) shelf.shift();
    },
    async prepare(memoryMb) {
      const maximum = maximumPages(memoryMb);
      if (find(base, maximum) === undefined) this.put(await EngineInstance.create(binaries, base, maximum));
    },
  };
}
