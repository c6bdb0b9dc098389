import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openFileBlobStore } from "../platform/blobs/file-store.ts";
import { type Bus, createBus } from "../platform/bus/bus.ts";
import type { Topics } from "../platform/bus/topics.ts";
import { systemClock as clock } from "../platform/clock.ts";
import { openTestDatabase, type TestDatabase } from "../platform/db/testing.ts";
import { findPostgres } from "../platform/db/testing-postgres.ts";
import { type Instances, openInstances } from "../platform/instances/instances.ts";
import { createLog } from "../platform/log.ts";
import { skipUnless } from "../platform/testing/parts.ts";
import { temporaryDirectory } from "../platform/testing/temporary-directory.ts";
import { until } from "../platform/testing/until.ts";
import { openSnapshots } from "../snapshots/snapshots.ts";
import { type EnginePool, openEnginePool } from "./engine/engine-pool.ts";
import { createHeapStore } from "./engine/heap-store.ts";
import { createHeapPacks } from "./heap-packs.ts";
import { openScripts, type Scripts } from "./scripts.ts";

const log = createLog({ level: "silent" });
const skip = skipUnless(findPostgres() !== undefined, "PostgreSQL", "apt-get install postgresql");
const endless = "console.log('on'); for (;;) {}";

describe("scripts on several yards", { skip }, () => {
  const opened = new AsyncDisposableStack();
  let engine: EnginePool;
  let database: TestDatabase;
  let files: ReturnType<typeof openSnapshots>;
  let packs: ReturnType<typeof createHeapPacks>;

  before(async () => {
    engine = opened.use(openEnginePool({ size: 2, maxQueued: 100, maxMemoryMb: 32, log }));
    database = opened.use(await openTestDatabase("postgres"));
    const { path } = opened.use(temporaryDirectory());
    const blobs = opened.use(await openFileBlobStore({ directory: path, clock }));
    files = openSnapshots({ database, blobs, clock });
    packs = opened.use(createHeapPacks({ database, blobs, clock }));
  });
  after(() => opened.disposeAsync());

  const newBus = () => createBus<Topics>({ onError: (error) => assert.fail(String(error)) });

  interface Yard extends AsyncDisposable {
    readonly scripts: Scripts;
    readonly instances: Instances;
  }

  async function openYard(id: string, bus: Bus<Topics> = newBus()): Promise<Yard> {
    await using parts = new AsyncDisposableStack();
    const essential = <T>(work: () => Promise<T>) => work();
    const instances = parts.use(
      await openInstances({
        ...{ database, clock, log, essential, self: { id, name: id } },
        times: { leaseMs: 1_000, renewMs: 100 },
      }),
    );
    const scripts = parts.use(
      await openScripts({
        ...{ database, instances, bus, clock, log, files, essential },
        engine: { ...engine, [Symbol.asyncDispose]: async () => {} },
        heapStore: createHeapStore({ packs, cacheBytes: 0 }),
        teamKey: () => Buffer.alloc(32, 1),
        settings: {
          ...{ engines: 1, maxWaiting: 100, keepHeaps: true, consoleFormat: "inspect", maxFilesBytes: 1024 ** 2 },
          ceilings: { memoryMb: 32, outputBytes: 1024 ** 2 },
          retention: { maxAgeMs: 86_400_000, maxExecutions: 1_000, maxSessionAgeMs: 86_400_000 },
        },
      }),
    );
    const lifetime = parts.move();
    return { scripts, instances, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
  }

  async function startEndless({ scripts }: Yard): Promise<string> {
    const id = await scripts.submit("lab", { source: endless });
    await until(async () => (await scripts.output("lab", id, { unit: "lines", offset: 0, limit: 1 })).text === "on");
    return id;
  }

  test("the start of one leaves alone what another one runs, and each shows what the other has printed and how it ended", async () => {
    await using one = await openYard("host_1");
    const id = await startEndless(one);
    await using two = await openYard("host_2");
    const page = await two.scripts.output("lab", id, { unit: "lines", offset: 0, limit: 1 });
    assert.deepEqual([page.text, page.status], ["on", "running"]);
    const waiting = two.scripts.ended("lab", id, { timeoutMs: 10_000 });
    await one.scripts.cancel("lab", id);
    assert.equal((await waiting).status, "cancelled");
  });

  for (const { what, shared } of [
    { what: "at once over the bus", shared: true },
    { what: "through the database alone, when there is no bus between them", shared: false },
  ]) {
    test(`an execution is cancelled from another yard ${what}`, async () => {
      const bus = newBus();
      await using one = await openYard("host_1", shared ? bus : newBus());
      await using two = await openYard("host_2", shared ? bus : newBus());
      const id = await startEndless(one);
      await assert.rejects(two.scripts.cancel("other", id), { code: "not_found" });
      await two.scripts.cancel("lab", id);
      assert.equal((await one.scripts.get("lab", id)).status, "cancelled");
      await assert.rejects(two.scripts.cancel("lab", id), { code: "conflict" });
    });
  }

  test("what a yard was running that is gone is failed by another, and what it says later changes nothing", async () => {
    await using one = await openYard("host_1");
    await using two = await openYard("host_2");
    const id = await startEndless(one);
    const fast = await one.scripts.submit("lab", {
      source: "await new Promise((r) => setTimeout(r, 60_000))",
      session: "s",
    });
    // As if it had been frozen since long ago.
    const { kysely } = database;
    await kysely.updateTable("instances").set({ gone_at: 1 }).where("id", "=", "host_1").execute();
    await kysely
      .updateTable("executions")
      .set({ status: "failed", ended_at: 2, error: "gone" })
      .where("id", "=", id)
      .execute();
    await until(async () => (await two.scripts.get("lab", fast)).status === "failed", {
      what: "it has dropped what it ran",
    });
    const ended = await two.scripts.get("lab", id);
    assert.deepEqual([ended.status, ended.error, ended.endedAt], ["failed", "gone", 2]);
    await until(async () => (await two.instances.find("host_1"))?.isLive);
    const next = await one.scripts.submit("lab", { source: "1 + 1" });
    assert.equal((await two.scripts.ended("lab", next, { timeoutMs: 10_000 })).result, "2");
  });

  test("what a yard was running whose lease is over is failed with the reason", async () => {
    await using two = await openYard("host_2");
    const { kysely } = database;
    await kysely.insertInto("instances").values({ id: "host_dead", name: "", lease_until: 1, gone_at: null }).execute();
    const id = "00000000-0000-4000-8000-000000000001";
    const row = { id, team_id: "lab", status: "running", created_at: 1, instance_id: "host_dead" } as const;
    await kysely.insertInto("executions").values(row).execute();
    assert.equal((await two.scripts.get("lab", id)).status, "running");
    const ended = await two.scripts.ended("lab", id, { timeoutMs: 10_000 });
    assert.equal(ended.error, "Interrupted: the server ended while the script was running.");
  });
});
