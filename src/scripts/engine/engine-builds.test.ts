/** Memories outlive the version of the engine that they were saved by. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, beforeEach, describe, test } from "node:test";
import { zstdCompressSync } from "node:zlib";
import type { BlobStore } from "../../platform/blobs/blob-store.ts";
import { openFileBlobStore } from "../../platform/blobs/file-store.ts";
import { systemClock } from "../../platform/clock.ts";
import type { Database } from "../../platform/db/database.ts";
import { openTestDatabase } from "../../platform/db/testing.ts";
import { isYardError } from "../../platform/errors.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { createHeapPacks } from "../heap-packs.ts";
import { createEngineArchive } from "./engine-archive.ts";
import { readEngineBinaries } from "./engine-binaries.ts";
import { openEngines } from "./engine-builds.ts";
import { bundleOf, type EngineBundle, encodeBundle, guestProtocol, installedEngine } from "./engine-bundle.ts";
import { EngineInstance } from "./engine-instance.ts";
import { type HeapImage, heapImage } from "./heap-image.ts";
import { createHeapStore } from "./heap-store.ts";
import { openTestPool, testLimits } from "./testing.ts";

const team = { id: "lab", key: randomBytes(32) };
const installed = installedEngine();
/** Other bytes, and so another build: a section that means nothing is appended. */
const older = bundleOf({
  ...installed,
  wasm: Buffer.concat([installed.wasm, Buffer.from([0, 6, 5]), Buffer.from("older")]),
});

/** What one version of a yard has open. */
async function openVersion(engine: EngineBundle, { blobs, database }: { blobs: BlobStore; database: Database }) {
  await using opened = new AsyncDisposableStack();
  const packs = opened.use(createHeapPacks({ database, blobs, clock: systemClock }));
  const engines = opened.use(
    openEngines({
      ...{ installed: engine, archive: createEngineArchive(blobs), size: 1, maxQueued: 10, maxMemoryMb: 64 },
      log: { warn() {} },
    }),
  );
  const lifetime = opened.move();
  return {
    engines,
    store: createHeapStore({ packs, cacheBytes: 0 }),
    async run(source: string, heap?: HeapImage) {
      const ran = await engines.execute({ source, heap, keepHeap: true, fairnessKey: "lab", limits: testLimits });
      assert.equal(ran.status, "completed", ran.failure?.message);
      return { json: ran.result?.json, heap: ran.heap! };
    },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

describe("after an upgrade of the engine", () => {
  const kept = new AsyncDisposableStack();
  let stores: { readonly blobs: BlobStore; readonly database: Database };
  let savedId: string;

  before(async () => {
    const directory = kept.use(temporaryDirectory());
    const blobs = kept.use(await openFileBlobStore({ directory: directory.path, clock: systemClock }));
    stores = { blobs, database: kept.use(await openTestDatabase("sqlite")) };
    await using version = await openVersion(older, stores);
    const { heap } = await version.run(
      "let n = 41; globalThis.next = () => ++n; globalThis.later = Promise.resolve([1]); 1",
    );
    assert.equal(heap.build, older.build);
    await version.store.save(heap, { team, parent: await version.engines.base() });
    savedId = heap.id;
  });
  after(() => kept.disposeAsync());

  test("an older memory is resumed by the build that saved it, step by step, while what is new runs in the new one", async () => {
    await using version = await openVersion(installed, stores);
    const saved = await version.store.load(savedId, { team });
    const step = await version.run("[next(), (await later)[0]]", saved);
    assert.equal(step.json, "[42,1]");
    assert.equal(step.heap.build, older.build);
    await version.store.save(step.heap, { team, parent: saved });
    const fresh = await version.run("typeof next");
    assert.deepEqual([fresh.json, fresh.heap.build], ['"undefined"', installed.build]);
    const again = await version.store.load(step.heap.id, { team });
    assert.equal((await version.run("next()", again)).json, "43");
    assert.equal(version.engines.usage().pids.length, 2);
  });

  describe("an older memory is refused, and nothing else is, when its engine", () => {
    const key = `engines/${older.build}`;
    beforeEach(() => createEngineArchive(stores.blobs).keep(older));

    async function refusal(): Promise<RegExp | string> {
      await using version = await openVersion(installed, stores);
      const heap = await version.store.load(savedId, { team });
      const refused = await version.run("1", heap).catch((error: unknown) => error);
      assert.ok(isYardError(refused, "precondition"), String(refused));
      assert.equal((await version.run("1 + 1")).json, "2");
      return refused.message;
    }

    async function put(bytes: Uint8Array): Promise<void> {
      await stores.blobs.put(
        key,
        (async function* () {
          yield bytes;
        })(),
      );
    }

    test("is not there", async () => {
      await stores.blobs.delete(key);
      assert.match(String(await refusal()), /another build.*does not have/);
    });

    test("was altered, or is another", async () => {
      const forged = Buffer.concat(encodeBundle(older));
      forged[forged.length >> 1]! ^= 1;
      const whole = Buffer.concat(encodeBundle(installed));
      const packed = [forged, whole, whole.subarray(0, -1), Buffer.from("none")].map((bytes) =>
        zstdCompressSync(bytes),
      );
      for (const bytes of [randomBytes(1_000), ...packed]) {
        await put(bytes);
        assert.match(String(await refusal()), /damaged/);
      }
    });
  });
});

test("an engine of a protocol that is not known is refused", async () => {
  using directory = temporaryDirectory();
  await using blobs = await openFileBlobStore({ directory: directory.path, clock: systemClock });
  const archive = createEngineArchive(blobs);
  const foreign = bundleOf({ ...installed, protocol: guestProtocol + 1 });
  await archive.keep(foreign);
  await assert.rejects(
    archive.find(foreign.build),
    (error) => isYardError(error, "precondition") && /speak/.test(error.message),
  );
});

test("a memory keeps the globals that it was saved with, where those of the engine have become others", async () => {
  const binaries = readEngineBinaries();
  const base = await EngineInstance.createBase({
    ...binaries,
    polyfills: { ...binaries.polyfills, abortController: "" },
  });
  const saved = heapImage(binaries.build, base);
  await using engine = openTestPool();
  const { value, heap, output, failure } = await engine.run(
    "globalThis.n = 1; console.log(n); setTimeout(() => n++, 1); await new Promise((resolve) => setTimeout(resolve, 5)); [typeof AbortController, n]",
    { heap: saved, keepHeap: true },
  );
  assert.deepEqual([failure, value, output], [undefined, ["undefined", 2], "1\n"]);
  assert.equal((await engine.run("n", { heap })).value, 2);
  assert.equal((await engine.run("typeof AbortController")).value, "function");
});
