import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect, type TestDatabase } from "../platform/db/testing.ts";
import { newId } from "../platform/ids.ts";
import { type Capsule, capsuleStatuses } from "./capsule.ts";
import { readHostLoads } from "./host-loads.ts";
import { isFinal, leadingTo, mayMove } from "./moves.ts";
import { createCapsuleStore } from "./store.ts";
import { createTemplateStore, everybody, type StoredTemplate } from "./template-store.ts";

const noQuota = { capsules: 0, vcpus: 0, memoryMb: 0 };
const now = 1_000_000_000_000;

function capsuleOf(changes: Partial<Capsule> = {}): Capsule {
  return {
    ...{ id: newId("capsule"), teamId: "team_a", status: "pending", template: "minimal", driver: "namespace" },
    ...{ vcpus: 2, memoryMb: 1_001, diskMb: 300, idleTimeoutSeconds: 0, hostId: "host_a", keeps: "frozen" },
    ...{ createdAt: now, updatedAt: now, startedAt: undefined, lastActiveAt: undefined, reason: undefined },
    ...changes,
  };
}

function templateOf(changes: Partial<StoredTemplate> = {}): StoredTemplate {
  return {
    ...{ id: newId("template"), teamId: "team_a", hostId: "host_a", name: "mine", kind: "snapshot", isShared: false },
    ...{ driver: "namespace", vcpus: 1, memoryMb: 512, sizeBytes: 2 ** 40, createdAt: now },
    ...changes,
  };
}

test("what is over stays over, and everything can be ended", () => {
  assert.deepEqual(capsuleStatuses.filter(isFinal), ["stopped", "error"]);
  for (const from of capsuleStatuses) assert.equal(mayMove(from, "stopped"), !isFinal(from), from);
  assert.deepEqual(leadingTo("error"), ["pending"]);
  assert.ok(!mayMove("missing", "paused"), "what was paused is not missing");
});

eachDialect("the table of capsules", (open) => {
  const storeOf = (database: TestDatabase) =>
    createCapsuleStore({ database, clock: { now: () => now + 5, monotonic: () => 0 } });

  test("gives back what was put into it", async () => {
    await using database = await open();
    const store = storeOf(database);
    const capsule = capsuleOf({ startedAt: 1, lastActiveAt: 2, reason: "because" });
    await store.insert(capsule, noQuota);
    assert.deepEqual(await store.get(capsule.id), capsule);
    assert.equal(await store.get("capsule_none"), undefined);
  });

  test("lists the newest first, and none that is over", async () => {
    await using database = await open();
    const store = storeOf(database);
    const [old, young] = [capsuleOf({ id: newId("capsule", 1) }), capsuleOf({ id: newId("capsule", 2) })];
    for (const one of [old, young, capsuleOf({ status: "error" }), capsuleOf({ status: "stopped" })])
      await store.insert(one, noQuota);
    await store.insert(capsuleOf({ teamId: "team_b", hostId: "host_b" }), noQuota);
    assert.deepEqual(
      (await store.ofTeam("team_a")).map(({ id }) => id),
      [young.id, old.id],
    );
    assert.equal((await store.onHost("host_a")).length, 2);
  });

  test("of two moves from one status only one is made", async () => {
    await using database = await open();
    const store = storeOf(database);
    const { id } = capsuleOf();
    await store.insert(capsuleOf({ id, status: "running" }), noQuota);
    const moves = await Promise.all([store.move(id, "paused"), store.move(id, "paused"), store.move(id, "paused")]);
    assert.equal(moves.filter((moved) => moved !== undefined).length, 1);
    assert.equal(await store.move(id, "missing"), undefined, "paused capsules are not missing");
    const running = await store.move(id, "running", { startedAt: 7, lastActiveAt: 8 });
    assert.deepEqual([running?.startedAt, running?.lastActiveAt, running?.updatedAt], [7, 8, now + 5]);
    assert.equal((await store.move(id, "stopped", { reason: "gone" }))?.reason, "gone");
    for (const status of capsuleStatuses) assert.equal(await store.move(id, status), undefined);
  });

  test("a quota is kept when many ask at once", async () => {
    await using database = await open();
    const store = storeOf(database);
    const insert = (quota: object) => store.insert(capsuleOf(), { ...noQuota, ...quota });
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => insert({ capsules: 3 })));
    assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 3);
    await assert.rejects(insert({ vcpus: 7 }), { code: "too_many", field: "vcpus", message: /They have 6/ });
    await assert.rejects(insert({ memoryMb: 4_003 }), { code: "too_many", field: "memoryMb" });
    await insert({ vcpus: 8, memoryMb: 4_004 });
  });

  test("finds those that were idle for longer than each of them allows", async () => {
    await using database = await open();
    const store = storeOf(database);
    const idle = capsuleOf({ status: "running", idleTimeoutSeconds: 10, lastActiveAt: now - 10_001 });
    const others = [
      { lastActiveAt: now - 9_000 },
      { idleTimeoutSeconds: 0 },
      { status: "paused" as const },
      { hostId: "host_b" },
    ];
    await store.insert(idle, noQuota);
    for (const changes of others) await store.insert(capsuleOf({ ...idle, id: newId("capsule"), ...changes }), noQuota);
    const find = async (since: number) => (await store.idle(["host_a"], { now, since, limit: 10 })).map(({ id }) => id);
    assert.deepEqual(await find(0), [idle.id]);
    assert.deepEqual(await find(now - 9_000), [], "nobody could have used it before then");
    await store.touch([idle.id], now);
    assert.deepEqual(await find(0), []);
  });

  test("tells what runs where, and on which hosts besides", async () => {
    await using database = await open();
    const store = storeOf(database);
    const running = capsuleOf({ status: "running" });
    await store.insert(running, noQuota);
    await store.insert(capsuleOf({ status: "paused", hostId: "host_b" }), noQuota);
    await store.insert(capsuleOf({ status: "running", hostId: "host_c" }), noQuota);
    assert.deepEqual(await store.running(["host_a", "host_b"]), [{ id: running.id, hostId: "host_a", vcpus: 2 }]);
    assert.deepEqual(await store.hostsBeside(["host_a"]), ["host_c"]);
    const loads = await readHostLoads(database);
    assert.deepEqual(loads.get("host_a"), { vcpus: 2, memoryMb: 1_001, diskMb: 300 });
    assert.deepEqual(loads.get("host_b"), { vcpus: 0, memoryMb: 500, diskMb: 200 });
  });

  test("forgets what has been over for long, with what was measured of it", async () => {
    await using database = await open();
    const store = storeOf(database);
    const [over, alive] = [capsuleOf({ status: "stopped" }), capsuleOf({ status: "running" })];
    for (const one of [over, alive]) await store.insert(one, noQuota);
    await database.kysely
      .insertInto("capsule_metrics")
      .values({ capsule_id: over.id, points: new Uint8Array(8), saved_at: now })
      .execute();
    await store.forget(now);
    assert.ok(await store.get(over.id));
    await store.forget(now + 1);
    assert.equal(await store.get(over.id), undefined);
    assert.ok(await store.get(alive.id));
    assert.deepEqual(await database.kysely.selectFrom("capsule_metrics").select("capsule_id").execute(), []);
  });

  test("a template's name is taken once in a team, and the one that replaces it comes in one step", async () => {
    await using database = await open();
    const templates = createTemplateStore({ database });
    const first = templateOf();
    await templates.insert(first);
    await assert.rejects(templates.insert(templateOf()), {
      code: "conflict",
      field: "name",
      details: { reserved: false },
    });
    await templates.insert(templateOf({ teamId: "team_b" }));
    await templates.insert(
      templateOf({ teamId: everybody, name: "base", kind: "base", vcpus: undefined, memoryMb: undefined }),
    );
    const second = templateOf();
    await templates.insert(second, first);
    assert.deepEqual(await templates.find("team_a", "mine"), second);
    assert.deepEqual((await templates.list("team_a")).map(({ name, isShared }) => [name, isShared]).sort(), [
      ["base", true],
      ["mine", false],
    ]);
    assert.ok(await templates.remove(second.id));
    assert.ok(!(await templates.remove(second.id)));
  });
});
