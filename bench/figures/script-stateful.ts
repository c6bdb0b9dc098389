/** What it costs to go on with a script's saved memory, and to save it again.
 *
 *  Ours: a small step over a megabyte of state: resumed in the engine's process, run, what has changed sent back, hashed, compressed, and stored durably
 *  (one synced commit) before the next step begins.
 *  Peer: the naive cycle with the same library in one process: read, decompress, restore, evaluate, take the whole memory, zstd, write, sync.
 *  Fair, because both hold the same state, make the same change, and have it on the disk at the end of each step, one step at a time.
 *
 *  Bytes: what our store takes for a step beside the peer's whole image. */

import { join } from "node:path";
import { openFileBlobStore } from "../../src/platform/blobs/file-store.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { openDatabase } from "../../src/platform/db/database.ts";
import type { EnginePool } from "../../src/scripts/engine/engine-pool.ts";
import type { HeapImage } from "../../src/scripts/engine/heap-image.ts";
import { createHeapStore, type HeapStore } from "../../src/scripts/engine/heap-store.ts";
import { createHeapPacks } from "../../src/scripts/heap-packs.ts";
import { compare } from "../harness/compare.ts";
import type { Bench, Figure } from "../harness/figure.ts";
import { makeState, openOneEngine, openScriptPeer, scriptLimits, stepOver } from "../harness/script-engine.ts";
import { openTemporaryDirectory } from "../harness/temporary.ts";

const stepsPerRound = 30;
const team = { id: "bench", key: Buffer.alloc(32, 1) };

export const scriptStateful: Figure = {
  name: "script-stateful",
  title: "a small step over a megabyte of a script's saved memory",
  async run(bench) {
    await using directory = await openTemporaryDirectory(bench, "heaps");
    await using peerDirectory = await openTemporaryDirectory(bench, "images");
    await using blobs = await openFileBlobStore({ directory: directory.path, clock: systemClock });
    await using pool = openOneEngine();
    await using database = await openDatabase({ dialect: "sqlite", path: join(directory.path, "yard.db") });
    await using packs = createHeapPacks({ database, blobs, clock: systemClock });
    const store = createHeapStore({ packs, cacheBytes: 64 * 1024 ** 2 });
    const ours = await openChain(pool, store);
    return await compareSteps(bench, pool, ours, peerDirectory.path);
  },
};

async function compareSteps(bench: Bench, pool: EnginePool, ours: Chain, directory: string) {
  await using plain = openScriptPeer(bench);
  await plain.run({ mode: "cycle", sources: [makeState], directory });
  let peerSteps = 0;
  return await compare(bench, {
    metrics: {
      rate: { label: "stateful steps", unit: "/s", score: "ratio", aim: { at: "least", limit: 3 } },
      bytes: { label: "stored by a step", unit: "bytes", score: "ratio", aim: { at: "most", limit: 0.2 } },
    },
    ours: {
      name: "runyard",
      pids: () => pool.usage().pids,
      async measure() {
        const startedAt = performance.now();
        let bytes = 0;
        for (let step = 0; step < stepsPerRound; step++) bytes += await ours.step();
        return { rate: (stepsPerRound / (performance.now() - startedAt)) * 1000, bytes: bytes / stepsPerRound };
      },
    },
    peer: {
      name: "naive cycle",
      pids: () => [plain.pid],
      async measure() {
        const sources = Array.from({ length: stepsPerRound }, () => stepOver(peerSteps++));
        const { times, imageBytes } = await plain.run({ mode: "cycle", sources, directory });
        return { rate: (times.length / times.reduce((sum, time) => sum + time, 0)) * 1000, bytes: imageBytes };
      },
    },
  });
}

interface Chain {
  /** @returns bytes stored */
  step(): Promise<number>;
}

async function openChain(pool: EnginePool, store: HeapStore): Promise<Chain> {
  let heap = await pool.base();
  let steps = 0;

  async function advance(source: string): Promise<number> {
    const parent: HeapImage = heap;
    const ran = await pool.execute({ source, heap, keepHeap: true, fairnessKey: "bench", limits: scriptLimits });
    if (ran.heap === undefined) throw new Error(`a step has ${ran.status}: ${ran.failure?.message}`);
    heap = ran.heap;
    return store.save(heap, { team, parent });
  }

  await advance(makeState);
  return { step: () => advance(stepOver(steps++)) };
}
