import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { until } from "../platform/testing/until.ts";
import type { Capsule } from "./capsule.ts";
import { openTestCapsules, scope, skipWithoutNamespaces, type TestCapsules } from "./testing.ts";

const other = { ...scope, teamId: "team_b" };
const statusOf = async ({ capsules }: TestCapsules, { id, teamId }: Capsule) => (await capsules.get(teamId, id)).status;
const print = async (test: TestCapsules, { id }: Capsule, command: string) => {
  const { commands } = await test.capsules.enter(scope.teamId, id);
  const { stdout, exitCode } = await commands.run({ command: "sh", args: ["-c", command] }, { timeoutMs: 20_000 });
  assert.equal(exitCode, 0);
  return stdout.toString();
};

describe("capsules", { skip: skipWithoutNamespaces, timeout: 120_000 }, () => {
  test("a capsule runs once it is made, is worked in, and is gone when it is destroyed", async () => {
    await using test = await openTestCapsules();
    const { capsules, told } = test;
    const capsule = await capsules.create(scope, { vcpus: -1, memoryMb: 0, idleTimeoutSeconds: -5 });
    assert.equal(capsule.status, "running");
    assert.deepEqual(
      [capsule.template, capsule.vcpus, capsule.memoryMb, capsule.diskMb, capsule.idleTimeoutSeconds],
      ["minimal", 1, 512, 5_120, 0],
    );
    assert.equal(await print(test, capsule, "echo hello > /root/x; cat /root/x"), "hello\n");
    assert.deepEqual(
      (await capsules.list(scope.teamId)).map(({ id }) => id),
      [capsule.id],
    );
    await capsules.destroy(scope, capsule.id);
    await capsules.destroy(scope, capsule.id);
    assert.equal(await statusOf(test, capsule), "stopped");
    assert.deepEqual(await capsules.list(scope.teamId), []);
    assert.deepEqual(await test.host.sandboxes(), []);
    await assert.rejects(capsules.enter(scope.teamId, capsule.id), {
      code: "conflict",
      details: { status: "stopped" },
    });
    assert.deepEqual(
      told.map(({ event }) => event),
      ["capsule.created", "capsule.destroyed"],
    );
    assert.equal(told[0]?.actor.id, "user_a");
  });

  test("what another team asks about a capsule is answered as if there were none", async () => {
    await using test = await openTestCapsules();
    const { capsules } = test;
    const { id } = await capsules.create(scope, {});
    const refused: readonly (() => Promise<unknown>)[] = [
      () => capsules.get(other.teamId, id),
      () => capsules.ping(other.teamId, id),
      () => capsules.pause(other, id),
      () => capsules.resume(other, id),
      () => capsules.destroy(other, id),
      () => capsules.enter(other.teamId, id),
      () => capsules.measures.ofCapsule(other.teamId, id, "5m"),
      () => capsules.templates.capture(other, { capsuleId: id }),
      () => capsules.get(scope.teamId, "capsule_none"),
    ];
    for (const ask of refused) await assert.rejects(ask, { code: "not_found" });
    assert.equal((await capsules.get(scope.teamId, id)).status, "running");
  });

  test("a paused capsule goes on where it was once it is resumed, and refuses work until then", async () => {
    await using test = await openTestCapsules();
    const { capsules, told } = test;
    const capsule = await capsules.create(scope, {});
    const { commands } = await capsules.enter(scope.teamId, capsule.id);
    await commands.start(
      { command: "sh", args: ["-c", "while :; do date +%s%N > /tmp/now; sleep 0.02; done"] },
      { tag: "clock" },
    );
    await until(async () => (await print(test, capsule, "cat /tmp/now 2>/dev/null || true")) !== "");
    assert.equal((await capsules.pause(scope, capsule.id)).status, "paused");
    const details = { status: "paused" };
    await assert.rejects(capsules.pause(scope, capsule.id), { code: "conflict", details });
    await assert.rejects(capsules.enter(scope.teamId, capsule.id), { code: "conflict", details });
    await assert.rejects(capsules.ping(scope.teamId, capsule.id), { code: "conflict", details });
    await assert.rejects(commands.run({ command: "true" }, { timeoutMs: 5_000 }), { code: "precondition" });
    const resumed = await capsules.resume(scope, capsule.id);
    assert.equal(resumed.status, "running");
    assert.ok(resumed.startedAt! > capsule.startedAt!);
    const before = await print(test, capsule, "cat /tmp/now");
    await until(async () => (await print(test, capsule, "cat /tmp/now")) !== before);
    await assert.rejects(capsules.resume(scope, capsule.id), { code: "conflict", details: { status: "running" } });
    assert.deepEqual(
      told.map(({ event }) => event),
      ["capsule.created", "capsule.paused", "capsule.running"],
    );
  });

  test("changes of one capsule that come together are made one after the other", async () => {
    await using test = await openTestCapsules();
    const { id } = await test.capsules.create(scope, {});
    const { capsules } = test;
    const outcomes = await Promise.allSettled([
      capsules.pause(scope, id),
      capsules.pause(scope, id),
      capsules.resume(scope, id),
      capsules.destroy(scope, id),
      capsules.resume(scope, id),
      capsules.destroy(scope, id),
    ]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled", "fulfilled", "rejected", "fulfilled"],
    );
    assert.deepEqual(await test.host.sandboxes(), []);
  });

  test("a capsule in which nothing happens is paused, and one that is used is not", async () => {
    await using test = await openTestCapsules();
    const { capsules, told } = test;
    const [idle, used] = [
      await capsules.create(scope, { idleTimeoutSeconds: 1 }),
      await capsules.create(scope, { idleTimeoutSeconds: 1 }),
    ];
    await until(async () => {
      await capsules.ping(scope.teamId, used.id);
      return (await statusOf(test, idle)) === "paused";
    });
    assert.equal(await statusOf(test, used), "running");
    const paused = await until(() => told.find(({ event }) => event === "capsule.paused"));
    assert.deepEqual([paused.resource.id, paused.actor], [idle.id, { kind: "system" }]);
  });

  test("a team has no more capsules than its quota says, paused ones among them", async () => {
    await using test = await openTestCapsules({ settings: { quota: { capsules: 2, vcpus: 4, memoryMb: 0 } } });
    const { capsules } = test;
    await assert.rejects(capsules.create(scope, { vcpus: 5 }), { code: "too_many", field: "vcpus" });
    const first = await capsules.create(scope, {});
    await capsules.pause(scope, first.id);
    const [one, two] = await Promise.allSettled([capsules.create(scope, {}), capsules.create(scope, {})]);
    assert.deepEqual([one.status, two.status].sort(), ["fulfilled", "rejected"], "the last place was given twice");
    await assert.rejects(capsules.create(scope, {}), {
      code: "too_many",
      field: "capsules",
      message: /2 capsules in all/,
    });
    await capsules.create(other, {});
    await capsules.destroy(scope, first.id);
    await capsules.create(scope, {});
  });

  test("a capsule that its host cannot make leaves a row that says why, and nothing else", async () => {
    await using test = await openTestCapsules();
    const { capsules, database, host } = test;
    await assert.rejects(capsules.create(scope, { template: "nothing" }), { code: "not_found", field: "template" });
    await assert.rejects(capsules.create(scope, { template: "../x" }), { code: "invalid" });
    await assert.rejects(capsules.create(scope, { driver: "host" }), { code: "invalid", field: "driver" });
    await assert.rejects(capsules.create(scope, { driver: "container" }), { code: "unavailable", field: "host" });
    await assert.rejects(capsules.create(scope, { memoryMb: 1e15 }), { code: "too_many" });
    assert.deepEqual(await database.kysely.selectFrom("capsules").select("id").execute(), []);
    assert.deepEqual(await host.sandboxes(), []);
  });

  test("a removed team has nothing left, and its capsules are over", async () => {
    await using test = await openTestCapsules();
    const { capsules, host, database } = test;
    const capsule = await capsules.create(scope, {});
    const stays = await capsules.create(other, {});
    await capsules.clearTeam(scope.teamId);
    await capsules.clearTeam(scope.teamId);
    assert.equal(await statusOf(test, capsule), "stopped");
    assert.deepEqual(
      (await host.sandboxes()).map(({ id }) => id),
      [stays.id],
    );
    assert.deepEqual(
      await database.kysely
        .selectFrom("capsule_metrics")
        .select("capsule_id")
        .where("capsule_id", "=", capsule.id)
        .execute(),
      [],
    );
  });
});
