/** Saved memory: what survives in it, what it costs, and what is refused. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { zstdCompressSync } from "node:zlib";
import { openFileBlobStore } from "../../platform/blobs/file-store.ts";
import { systemClock } from "../../platform/clock.ts";
import { openTestDatabase } from "../../platform/db/testing.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { createHeapPacks } from "../heap-packs.ts";
import { applyChange, type HeapImage } from "./heap-image.ts";
import { createHeapStore } from "./heap-store.ts";
import { bytesOf } from "./memory-image.ts";
import type { HeapName, NewPack } from "./pack-store.ts";
import { openTestPool, type TestPool } from "./testing.ts";

let engine: TestPool;
before(() => {
  engine = openTestPool();
});
after(() => engine[Symbol.asyncDispose]());

const team = { id: "lab", key: randomBytes(32) };

/** Packs in memory, to be looked into and tampered with. */
function memoryPacks() {
  const packs = new Map<string, Buffer>();
  const heaps = new Map<string, string>();
  const nameOf = ({ teamId, id }: HeapName) => `${teamId} ${id}`;
  const get = async (packId: string) => {
    const found = packs.get(packId);
    if (!found) throw new YardError("not_found", packId);
    return found;
  };
  return {
    packs,
    heaps,
    stage: async () => assert.fail("nothing else is committed here"),
    async put(heap: HeapName, { id, bytes, sources }: NewPack) {
      if (!sources.every((source) => packs.has(source))) throw new YardError("conflict", "a source has gone");
      packs.set(id, Buffer.from(bytes));
      heaps.set(nameOf(heap), id);
    },
    use: async (heap: HeapName) => heaps.get(nameOf(heap)),
    async find(heap: HeapName) {
      const id = heaps.get(nameOf(heap)) ?? "none";
      return { id, bytes: await get(id) };
    },
    get,
  };
}

async function step(source: string, heap?: HeapImage) {
  const ran = await engine.run(source, { heap, keepHeap: true });
  assert.equal(ran.status, "completed", ran.failure?.message);
  return { value: ran.value, heap: ran.heap! };
}

test("what hangs on the global object survives, what a script declares does not", async () => {
  const { heap } = await step(`
    const local = 1;
    class Point { #x; constructor(x) { this.#x = x } get x() { return this.#x } }
    const shared = { n: 1 };
    globalThis.state = {
      a: shared, b: shared, point: new Point(3), map: new Map([[shared, 'key']]), when: new Date(5), re: /x/g, big: 5n,
      bytes: new Uint8Array([1, 2, 3]), counter: (() => { let n = 0; return () => ++n })(), symbol: Symbol.for("s"),
      settled: Promise.resolve("done"), pending: new Promise((resolve) => { globalThis.resolve = resolve }),
      generator: (function* () { yield 1; yield 2; yield 3 })(), abort: new AbortController(), url: new URL("http://a/?b=1"),
    };
    state.self = state; state.counter(); state.generator.next(); Array.prototype.added = () => "kept"; console.count("c"); 1`);
  const { value } = await step(
    `resolve("now");
     [typeof local, state.a === state.b, state.point.x, state.map.get(state.a), state.when.getTime(), state.re.flags, String(state.big),
      state.bytes[2], state.counter(), state.symbol === Symbol.for("s"), await state.settled, await state.pending, state.generator.next().value,
      state.self === state, [].added(), state.abort.signal.aborted, state.url.searchParams.get("b"), new state.point.constructor(4).x]`,
    heap,
  );
  assert.deepEqual(value, [
    "undefined",
    true,
    3,
    "key",
    5,
    "g",
    "5",
    3,
    2,
    true,
    "done",
    "now",
    2,
    true,
    "kept",
    false,
    "1",
    4,
  ]);
});

test("one heap can be resumed any number of times, at the same time, too", async () => {
  await using two = openTestPool(2);
  const { heap } = await two.run("globalThis.n = 1", { keepHeap: true });
  const branches = await Promise.all([2, 3, 4].map((by) => two.run(`n += ${by}`, { heap, keepHeap: true })));
  assert.deepEqual(
    branches.map(({ value }) => value),
    [3, 4, 5],
  );
  assert.deepEqual((await two.run("n", { heap })).value, 1);
  assert.equal((await two.run("n", { heap: branches[1]!.heap })).value, 4);
});

test("a failed execution leaves no heap, and the one it resumed is as it was", async () => {
  const { heap } = await step("globalThis.n = 1");
  const failed = await engine.run("n = 2; throw new Error('x')", { heap, keepHeap: true });
  assert.equal(failed.heap, undefined);
  assert.equal((await step("n", heap)).value, 1);
});

test("a hundred steps do not make the memory grow", async () => {
  let { heap } = await step("globalThis.n = 0");
  const bytes = bytesOf(heap);
  for (let index = 0; index < 100; index++)
    heap = (await step("n += 1; const scratch = new Array(1000).fill(n); console.log(n)", heap)).heap;
  assert.equal((await step("n", heap)).value, 100);
  assert.ok(bytesOf(heap) <= bytes + 2 * 65_536, `${bytesOf(heap)} bytes after ${bytes}`);
});

test("a state that is larger than the limit is not resumed", async () => {
  const big = await engine.run("globalThis.big = new Uint8Array(30e6).fill(1); 1", {
    keepHeap: true,
    limits: { memoryMb: 40 },
  });
  assert.equal(big.status, "completed", big.failure?.message);
  const { status, failure } = await engine.run("1", { heap: big.heap, limits: { memoryMb: 8 } });
  assert.deepEqual([status, failure?.kind], ["failed", "out_of_memory"]);
});

test("a heap reads back from the disk, and a small step takes little room", async () => {
  using directory = temporaryDirectory();
  await using blobs = await openFileBlobStore({ directory: directory.path, clock: systemClock });
  await using database = await openTestDatabase("sqlite");
  await using packs = createHeapPacks({ database, blobs, clock: systemClock });
  const parts = { packs, cacheBytes: 64e6 };
  const store = createHeapStore(parts);
  let parent = await engine.pool.base();
  let { heap } = await step(
    "globalThis.rows = Array.from({ length: 6000 }, (_, id) => ({ id, name: 'row ' + (id * 7919) % 1000 })); 1",
  );
  await store.save(heap, { team, parent });
  let stored = 0;
  for (let index = 0; index < 40; index++) {
    parent = heap;
    heap = (await step(`rows[${index * 100}].name = 'changed ${index}'`, parent)).heap;
    stored += await store.save(heap, { team, parent });
  }
  const full = zstdCompressSync(Buffer.concat(heap.pages)).length;
  assert.ok(stored / 40 < 0.2 * full, `${stored / 40} bytes a step, ${full} in full`);
  assert.equal(await store.save(heap, { team, parent }), 0);
  const loaded = await createHeapStore(parts).load(heap.id, { team });
  assert.equal(Buffer.compare(Buffer.concat(loaded.pages), Buffer.concat(heap.pages)), 0);
  assert.equal((await step("rows[3900].name", loaded)).value, "changed 39");
});

test("what a heap shares may go while it is being stored: then it is stored in full", async () => {
  const packs = memoryPacks();
  const store = createHeapStore({ packs, cacheBytes: 64e6 });
  const { heap: parent } = await step("globalThis.n = 1");
  await store.save(parent, { team });
  const { heap } = await step("n += 1", parent);
  const collected = {
    ...packs,
    put: async (...added: Parameters<typeof packs.put>) => {
      for (const source of added[1].sources) packs.packs.delete(source);
      return packs.put(...added);
    },
  };
  assert.ok((await createHeapStore({ packs: collected, cacheBytes: 0 }).save(heap, { team, parent })) > 0);
  packs.heaps.delete(`lab ${parent.id}`);
  const loaded = await createHeapStore({ packs, cacheBytes: 0 }).load(heap.id, { team });
  assert.equal((await step("n", loaded)).value, 2);
});

test("a heap that was collected is stored again, though the store remembers it", async () => {
  const packs = memoryPacks();
  const store = createHeapStore({ packs, cacheBytes: 64e6 });
  const { heap: parent } = await step("globalThis.n = 1");
  const { heap } = await step("n += 1", parent);
  await store.save(heap, { team, parent });
  packs.heaps.clear();
  packs.packs.clear();
  assert.ok((await store.save(heap, { team, parent })) > 0);
  const loaded = await createHeapStore({ packs, cacheBytes: 0 }).load(heap.id, { team });
  assert.equal((await step("n", loaded)).value, 2);
});

describe("is refused before it gets near an engine:", () => {
  async function saved() {
    const packs = memoryPacks();
    const { heap } = await step("globalThis.n = 1");
    await createHeapStore({ packs, cacheBytes: 0 }).save(heap, { team });
    return {
      packs,
      heap,
      load: (from = team, id = heap.id) => createHeapStore({ packs, cacheBytes: 0 }).load(id, { team: from }),
    };
  }
  const refused = (error: unknown) => isYardError(error, "precondition");

  test("a heap that was changed in any part", async () => {
    const { packs, load } = await saved();
    const [[name, good]] = [...packs.packs] as [[string, Buffer]];
    for (const at of [0, 31, 32, 40, good.length >> 1, good.length - 1]) {
      const forged = Buffer.from(good);
      forged[at]! ^= 1;
      packs.packs.set(name, forged);
      await assert.rejects(load(), refused, `byte ${at}`);
    }
  });

  test("one that was cut short, or is none", async () => {
    const { packs, load } = await saved();
    const [[name, good]] = [...packs.packs] as [[string, Buffer]];
    for (const bytes of [
      good.subarray(0, -1),
      good.subarray(0, 32),
      good.subarray(0, 10),
      Buffer.alloc(0),
      randomBytes(1000),
    ]) {
      packs.packs.set(name, bytes);
      await assert.rejects(load(), refused);
    }
  });

  test("one of another team, also when it is put in the right place", async () => {
    const { packs, heap, load } = await saved();
    const other = { id: "rival", key: randomBytes(32) };
    await assert.rejects(load(other), (error) => isYardError(error, "not_found"));
    packs.heaps.set(`rival ${heap.id}`, packs.heaps.get(`lab ${heap.id}`)!);
    await assert.rejects(load(other), refused);
  });

  test("one heap under the name of another, and one pack under that of another", async () => {
    const { packs, load } = await saved();
    const elsewhere = "1".repeat(64);
    const [[packId, good]] = [...packs.packs] as [[string, Buffer]];
    packs.heaps.set(`lab ${elsewhere}`, packId);
    await assert.rejects(load(team, elsewhere), refused);
    packs.heaps.set(`lab ${elsewhere}`, "2".repeat(32));
    packs.packs.set("2".repeat(32), good);
    await assert.rejects(load(team, elsewhere), refused);
  });

  test("a name that is none", async () => {
    const { load } = await saved();
    for (const id of ["", "../../etc/passwd", "A".repeat(64)])
      await assert.rejects(load(team, id), (error) => isYardError(error, "not_found"));
  });

  test("an image of another build", async () => {
    const { heap } = await step("1");
    await assert.rejects(engine.run("1", { heap: { ...heap, build: "0".repeat(64) } }), refused);
  });

  test("a change that cannot be right", async () => {
    const before = await engine.pool.base();
    const sound = { bytes: bytesOf(before), stackPointer: before.stackPointer, hooks: before.hooks, changed: [1] };
    const page = Buffer.alloc(4096, 1);
    assert.notEqual(applyChange(before, sound, page).id, before.id);
    for (const change of [
      { ...sound, bytes: sound.bytes - 65_536 },
      { ...sound, bytes: sound.bytes + 1 },
      { ...sound, changed: [sound.bytes / 4096] },
      { ...sound, changed: [1, 1] },
      { ...sound, changed: [] },
      { ...sound, stackPointer: sound.bytes + 1 },
      { ...sound, hooks: sound.bytes },
    ])
      assert.throws(
        () => applyChange(before, change, page),
        (error) => isYardError(error, "internal"),
      );
  });
});
