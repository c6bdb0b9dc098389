/** Capsules that are moved, on two real agents: stopped machines, of which nothing need be booted. What runs in one goes on is for test/microvm-move.test.ts. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, beforeEach, describe, test } from "node:test";
import { zstdCompressSync } from "node:zlib";
import { openTestHost, type TestHost } from "../../hosts/test-host.ts";
import type { BlobStore } from "../../platform/blobs/blob-store.ts";
import { openFileBlobStore } from "../../platform/blobs/file-store.ts";
import { systemClock } from "../../platform/clock.ts";
import { openTestDatabase, type TestDatabase } from "../../platform/db/testing.ts";
import { YardError } from "../../platform/errors.ts";
import { newId } from "../../platform/ids.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { until } from "../../platform/testing/until.ts";
import { skipWithoutMachines } from "../../sandboxes/microvm/testing.ts";
import type { Limits, SandboxImage } from "../../sandboxes/sandbox.ts";
import type { Capsules } from "../capsule.ts";
import { openCapsules } from "../capsules.ts";
import type { CapsuleParts } from "../parts.ts";
import { createCapsuleStore } from "../store.ts";
import { scope } from "../testing.ts";
import { createMoveStore, type MovePhase } from "./move-store.ts";

const times = {
  ...{ idleCheckMs: 60_000, hostCheckMs: 20, reconcileMs: 200, missingAfterMs: 60_000, sampleMs: 60_000 },
  moveRetryMs: 10,
};
const ownLayer = "disk_00000000000000000000000001";
const contents = new Map([
  [ownLayer, Buffer.concat([randomBytes(5_000), Buffer.alloc(1_000_000), randomBytes(10)])],
  ["disk_00000000000000000000000000", Buffer.concat([Buffer.alloc(300_000), randomBytes(100_000)])],
]);

const mebibyte = 1024 * 1024;
const asAsked = { cpus: 1, memoryBytes: 160 * mebibyte, diskBytes: 10 * mebibyte };

/** Of a machine that has never run. */
function imageOf(id: string, limits: Limits = asAsked, shape = { memoryMib: 256, vcpus: 1 }): SandboxImage {
  const parts = [...contents].map(([name, content]) => ({
    ...{ name, bytes: content.length, diskBytes: content.length },
    hash: createHash("sha256").update(content).digest("hex"),
  }));
  const data = {
    ...{ network: "none", shape, layers: [...contents.keys()].reverse() },
    ...{ diskBytes: 2_000_000, usedBefore: 0, cpuUsBefore: 0, processes: [] },
  };
  return { driver: "microvm", version: 1, id, limits, data, parts };
}

describe("a capsule that is moved", { skip: skipWithoutMachines(), timeout: 120_000 }, () => {
  const opened = new AsyncDisposableStack();
  let origin: TestHost;
  let goal: TestHost;
  let database: TestDatabase;
  let blobs: BlobStore;
  let capsules: Capsules;
  let id = "";
  /** Asked before a blob is stored or read. */
  let onBlob: (what: "put" | "get") => Promise<void>;
  let isGoalKnown: boolean;

  const driverOf = ({ parts }: TestHost) => join(parts.directory, "microvm");
  const blobsLeft = async () => (await blobs.list("capsule-moves/", { limit: 10 })).length;
  const idsOn = async (host: TestHost) => (await host.sandboxes()).map((one) => one.id);
  const moves = () => createMoveStore({ database, clock: systemClock });

  function partsOf(): CapsuleParts {
    const guarded: BlobStore = {
      ...blobs,
      async put(...args) {
        await onBlob("put");
        return blobs.put(...args);
      },
      async get(...args) {
        await onBlob("get");
        return blobs.get(...args);
      },
    };
    const hosts = () => (isGoalKnown ? [origin, goal] : [origin]);
    return {
      ...{ database, blobs: guarded, clock: systemClock, log: { info() {}, warn() {}, error: console.error } },
      hosts: {
        list: hosts,
        find: async (id) => (id === origin.id || id === goal.id ? { name: id, isLive: true } : undefined),
        place: async ({ hostId }) => hosts().find((one) => one.id === hostId) ?? assert.fail("it is placed elsewhere"),
      },
      events: { append: async (topic, subject) => void told.push(`${topic} ${subject}`) },
      tell() {},
      essential: (work) => work(),
      settings: { driver: "microvm", quota: { capsules: 0, vcpus: 0, memoryMb: 0 }, times },
    };
  }
  let told: string[] = [];

  /** It is whole on that host, and nothing of it or of the move is anywhere else. */
  async function assertOn(host: TestHost): Promise<void> {
    await until(async () => (await moves().list()).length === 0, { what: "the move is over" });
    assert.equal((await capsules.get(scope.teamId, id)).hostId, host.id);
    const other = host === origin ? goal : origin;
    await until(async () => !(await idsOn(other)).includes(id), { what: "nothing of it is on the other host" });
    assert.ok((await idsOn(host)).includes(id));
    assert.ok(readFileSync(join(driverOf(host), "machines", id, ownLayer)).equals(contents.get(ownLayer) as Buffer));
    for (const name of contents.keys())
      if (name !== ownLayer)
        assert.ok(readFileSync(join(driverOf(host), "store", name)).equals(contents.get(name) as Buffer));
    assert.deepEqual(readdirSync(join(driverOf(other), "machines")), []);
    assert.deepEqual(readdirSync(join(driverOf(other), "incoming")), []);
    assert.equal(await blobsLeft(), 0);
  }

  /** As it is left by a yard that dies in the middle of a move. */
  async function leaveMove(phase: MovePhase): Promise<void> {
    const image = await (await sandboxOn(origin)).departure?.image();
    assert.ok(image);
    const move = { id: newId("move"), capsuleId: id, driver: "microvm", fromHostId: origin.id, toHostId: goal.id };
    await moves().insert({ ...move, phase, owner: "another yard", image, begunAt: 1 });
    for (const { name } of image.parts)
      await blobs.put(`capsule-moves/${move.id}/${name}`, Readable.from([packed(name)]));
    await goal.driver("microvm").arrivals?.begin(image);
  }

  async function insertRecord(id: string): Promise<void> {
    const now = systemClock.now();
    await createCapsuleStore({ database, clock: systemClock }).insert(
      {
        ...{ id, teamId: scope.teamId, status: "hibernated", template: "minimal", driver: "microvm" },
        ...{ vcpus: 1, memoryMb: 160, diskMb: 10, idleTimeoutSeconds: 0, hostId: origin.id, keeps: "saved" },
        ...{ createdAt: now, updatedAt: now },
      },
      { capsules: 0, vcpus: 0, memoryMb: 0 },
    );
  }

  async function putOnOrigin(image: SandboxImage): Promise<void> {
    const arrivals = origin.driver("microvm").arrivals ?? assert.fail();
    const missing = await arrivals.begin(image);
    for (const part of image.parts.filter(({ name }) => missing.includes(name)))
      await arrivals.put(image.id, part, Readable.from([packed(part.name)]));
    await arrivals.complete(image);
  }

  const packed = (name: string) => zstdCompressSync(contents.get(name) ?? assert.fail());
  const sandboxOn = (host: TestHost) => host.driver("microvm").reattach({ driver: "microvm", version: 1, id });

  before(async () => {
    const [one, other] = await Promise.all([
      openTestHost({ id: "host_origin", name: "origin" }),
      openTestHost({ id: "host_goal", name: "goal" }),
    ]);
    origin = opened.use(one);
    goal = opened.use(other);
    database = opened.use(await openTestDatabase("sqlite"));
    const { path: directory } = opened.use(temporaryDirectory());
    blobs = opened.use(await openFileBlobStore({ directory, clock: systemClock }));
    opened.defer(() => capsules[Symbol.asyncDispose]());
  });
  after(() => opened.disposeAsync());

  beforeEach(async () => {
    await capsules?.[Symbol.asyncDispose]();
    [onBlob, isGoalKnown, told] = [async () => {}, true, []];
    if (id) await createCapsuleStore({ database, clock: systemClock }).move(id, "stopped");
    id = newId("capsule");
    await insertRecord(id);
    await putOnOrigin(imageOf(id));
    capsules = openCapsules(partsOf());
    await until(async () => (await idsOn(origin)).length === 1, { what: "those before are gone" });
    await until(async () => (await idsOn(goal)).length === 0);
  });

  test("stays where it is if its host says that it is larger than its team has asked for", async () => {
    const larger = newId("capsule");
    await capsules[Symbol.asyncDispose](); // with one of the two it would take the other for lost
    await insertRecord(larger);
    await putOnOrigin(imageOf(larger, { ...asAsked, cpus: 2 }, { memoryMib: 256, vcpus: 2 }));
    capsules = openCapsules(partsOf());
    const refusal = { code: "precondition", field: "host", message: /was made with/ };
    await assert.rejects(capsules.move(scope, larger, { host: "goal" }), refusal);
    assert.deepEqual([await idsOn(goal), await blobsLeft()], [[], 0]);
    assert.equal((await capsules.get(scope.teamId, larger)).hostId, origin.id);
    await capsules.destroy(scope, larger);
  });

  test("is there whole, by the host's name or its id; twice is once", async () => {
    const moved = await capsules.move(scope, id, { host: "goal" });
    assert.deepEqual([moved.hostId, moved.status], [goal.id, "hibernated"]);
    assert.equal((await capsules.move(scope, id, { host: goal.id })).hostId, goal.id);
    await assertOn(goal);
    assert.deepEqual(told, [`capsule.moved ${id}`]);
    await capsules.move(scope, id, { host: "origin" });
    await assertOn(origin);
  });

  test("is not another team's to move, nor to where nobody knows", async () => {
    await assert.rejects(capsules.move({ ...scope, teamId: "team_b" }, id, { host: "goal" }), { code: "not_found" });
    await assert.rejects(capsules.move(scope, id, { host: "nowhere" }), { code: "not_found", field: "host" });
    await assertOn(origin);
  });

  test("is carried on where the store of blobs fails for a moment", async () => {
    let failures = 2;
    onBlob = async () => {
      if (failures-- > 0) throw new YardError("unavailable", "the store is away");
    };
    await capsules.move(scope, id, { host: "goal" });
    await assertOn(goal);
  });

  for (const what of ["put", "get"] as const) {
    test(`stays where it is if a blob cannot be ${what} for good`, async () => {
      onBlob = async (now) => {
        if (now === what) throw new YardError("storage_full", "the disk is full");
      };
      await assert.rejects(capsules.move(scope, id, { host: "goal" }), { code: "storage_full" });
      await assertOn(origin);
    });
  }

  test("stays where it is if what comes out of the store of blobs is not what it should be", async () => {
    onBlob = async (what) => {
      if (what === "put") return;
      for (const { key } of await blobs.list("capsule-moves/", { limit: 10 }))
        await blobs.put(key, Readable.from([zstdCompressSync(Buffer.from("something else"))]));
    };
    await assert.rejects(capsules.move(scope, id, { host: "goal" }), {
      code: "unavailable",
      message: /damaged.*stays/,
    });
    await assertOn(origin);
  });

  test("is not resumed or moved meanwhile, and its end breaks the move off", async () => {
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const { promise: going, resolve: go } = Promise.withResolvers<void>();
    onBlob = () => {
      begin();
      return going;
    };
    const moving = assert.rejects(capsules.move(scope, id, { host: "goal" }), { code: "interrupted" });
    await begun;
    await assert.rejects(capsules.resume(scope, id), { code: "conflict", message: /being moved/ });
    await assert.rejects(capsules.move(scope, id, { host: "goal" }), { code: "conflict", message: /being moved/ });
    const ended = capsules.destroy(scope, id);
    go();
    await Promise.all([moving, ended]);
    assert.deepEqual([await idsOn(origin), await idsOn(goal), await blobsLeft()], [[], [], 0]);
  });

  test("stays where it is if the yard closes in the middle", async () => {
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const { promise: going, resolve: go } = Promise.withResolvers<void>();
    onBlob = () => {
      begin();
      return going;
    };
    const moving = assert.rejects(capsules.move(scope, id, { host: "goal" }), { code: "interrupted" });
    await begun;
    const closed = capsules[Symbol.asyncDispose]();
    go();
    await Promise.all([moving, closed]);
    capsules = openCapsules(partsOf());
    await assertOn(origin);
  });

  for (const { phase, where } of [
    { phase: "sending", where: "its old host" },
    { phase: "sent", where: "its new host" },
    { phase: "abandoned", where: "its old host" },
  ] as const) {
    test(`is on ${where} after a yard has died when the move was ${phase}`, async () => {
      await capsules[Symbol.asyncDispose]();
      await leaveMove(phase);
      capsules = openCapsules(partsOf());
      await assertOn(phase === "sent" ? goal : origin);
    });
  }

  test("waits for its new host when all has been sent, until it is given up", async () => {
    await capsules[Symbol.asyncDispose]();
    await leaveMove("sent");
    isGoalKnown = false;
    capsules = openCapsules(partsOf());
    await until(async () => (await idsOn(origin)).includes(id));
    assert.equal((await moves().get(id))?.phase, "sent");
    await moves().giveUp(id); // as who resumes it does
    isGoalKnown = true;
    await assertOn(origin);
  });
});
