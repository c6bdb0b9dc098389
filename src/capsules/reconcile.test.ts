import assert from "node:assert/strict";
import { existsSync, readlinkSync } from "node:fs";
import { describe, test } from "node:test";
import { listPids, readInnermostPid } from "../platform/process/procfs.ts";
import { until } from "../platform/testing/until.ts";
import type { Sandbox } from "../sandboxes/sandbox.ts";
import { createCapsuleStore } from "./store.ts";
import { openTestCapsules, scope, skipWithoutNamespaces, type TestCapsules } from "./testing.ts";

const statusOf = async ({ capsules }: TestCapsules, id: string) => (await capsules.get(scope.teamId, id)).status;
const becomes = (test: TestCapsules, id: string, status: string) =>
  until(async () => (await statusOf(test, id)) === status, { what: `${id} is ${status}` });
const sandboxOf = ({ host }: TestCapsules, id: string) =>
  host.driver("namespace").reattach({ driver: "namespace", version: 1, id });
const there = async ({ host }: TestCapsules) =>
  Object.fromEntries((await host.sandboxes()).map(({ id, status }) => [id, status]));

/** As a restart of the machine does: it takes all others along. */
async function endFirstProcess(sandbox: Sandbox): Promise<void> {
  const { pid } = await sandbox.exec({ id: "sleeper", argv: ["sleep", "1000"] });
  const space = readlinkSync(`/proc/${pid}/ns/pid`);
  const isFirst = (one: number) =>
    one !== 1 && readInnermostPid(one) === 1 && readlinkSync(`/proc/${one}/ns/pid`) === space;
  process.kill(listPids().find(isFirst) ?? assert.fail("it has no first process"), "SIGKILL");
  await until(() => !existsSync(`/proc/${pid}`));
}

describe("a yard that starts on what another has left", { skip: skipWithoutNamespaces, timeout: 120_000 }, () => {
  test("takes running and paused capsules over as they are", async () => {
    await using test = await openTestCapsules();
    const running = await test.capsules.create(scope, {});
    const paused = await test.capsules.create(scope, {});
    await test.capsules.pause(scope, paused.id);
    const { commands } = await test.capsules.enter(scope.teamId, running.id);
    await commands.start({ command: "sleep", args: ["1000"] }, { tag: "sleeper" });
    await test.restart();
    const inside = await test.capsules.enter(scope.teamId, running.id);
    assert.ok((await inside.commands.list()).some(({ tag }) => tag === "sleeper"));
    assert.equal(await statusOf(test, paused.id), "paused");
    await test.capsules.resume(scope, paused.id);
  });

  test("ends what was being made, and says so", async () => {
    await using test = await openTestCapsules();
    const store = createCapsuleStore(test.parts);
    const made = await test.capsules.create(scope, {});
    await test.restart(async () => {
      const { kysely } = test.database;
      await kysely.updateTable("capsules").set({ status: "pending" }).where("id", "=", made.id).execute();
    });
    await becomes(test, made.id, "error");
    await until(async () => Object.keys(await there(test)).length === 0);
    assert.match((await store.get(made.id))?.reason ?? "", /while the capsule was being made/);
  });

  test("carries out a pause and an end that were only marked", async () => {
    await using test = await openTestCapsules();
    const toPause = await test.capsules.create(scope, {});
    const toEnd = await test.capsules.create(scope, {});
    await test.restart(async () => {
      const store = createCapsuleStore(test.parts);
      await store.move(toPause.id, "paused");
      await store.move(toEnd.id, "stopped");
    });
    await until(async () => (await there(test))[toPause.id] === "paused");
    await until(async () => !(toEnd.id in (await there(test))));
    await test.capsules.resume(scope, toPause.id);
  });

  test("takes back a pause that the table knows nothing of", async () => {
    await using test = await openTestCapsules();
    const { id } = await test.capsules.create(scope, {});
    await test.restart(async () => void (await (await sandboxOf(test, id)).pausing?.pause()));
    await until(async () => (await there(test))[id] === "running");
    assert.equal(await statusOf(test, id), "running");
  });

  test("finds the files of what ended with its machine, and starts it anew when it is resumed", async () => {
    await using test = await openTestCapsules();
    const { id } = await test.capsules.create(scope, {});
    const run = async (command: string) => {
      const { commands } = await test.capsules.enter(scope.teamId, id);
      return (await commands.run({ command: "sh", args: ["-c", command] }, { timeoutMs: 20_000 })).stdout.toString();
    };
    await run("echo kept > /root/file; sync");
    await test.restart(async () => endFirstProcess(await sandboxOf(test, id)));
    await becomes(test, id, "hibernated");
    await assert.rejects(test.capsules.enter(scope.teamId, id), {
      code: "conflict",
      details: { status: "hibernated" },
    });
    assert.equal((await test.capsules.resume(scope, id)).status, "running");
    assert.equal(await run("cat /root/file"), "kept\n");
  });

  test("says of what has vanished that it is stopped, and removes what nobody knows", async () => {
    await using test = await openTestCapsules();
    const { id } = await test.capsules.create(scope, {});
    const stranger = await test.host.driver("namespace").create({ id: "task-of-somebody" });
    await test.restart(async () => {
      await (await sandboxOf(test, id)).destroy();
      await test.host.driver("namespace").create({ id: "capsule_nobodyknows" });
    });
    await becomes(test, id, "stopped");
    await until(async () => !("capsule_nobodyknows" in (await there(test))));
    assert.deepEqual(await there(test), { [stranger.handle.id]: "running" });
    await stranger.destroy();
  });
});

describe("a host", { skip: skipWithoutNamespaces, timeout: 120_000 }, () => {
  test("that goes away takes its running capsules along, and brings them back as they are", async () => {
    await using test = await openTestCapsules();
    const [stays, goes, paused, ended] = await Promise.all(
      Array.from({ length: 4 }, () => test.capsules.create(scope, {})),
    );
    await test.capsules.pause(scope, paused!.id);
    test.loseHost(true);
    await becomes(test, stays!.id, "missing");
    await becomes(test, goes!.id, "missing");
    assert.equal(await statusOf(test, paused!.id), "paused");
    await assert.rejects(test.capsules.enter(scope.teamId, stays!.id), {
      code: "conflict",
      details: { status: "missing" },
    });
    await test.capsules.destroy(scope, ended!.id);
    await (await sandboxOf(test, goes!.id)).destroy();
    test.loseHost(false);
    await becomes(test, stays!.id, "running");
    await becomes(test, goes!.id, "stopped");
    await until(async () => !(ended!.id in (await there(test))));
    await test.capsules.enter(scope.teamId, stays!.id);
  });

  test("whose agent is killed keeps its capsules", async () => {
    await using test = await openTestCapsules();
    const { id } = await test.capsules.create(scope, {});
    const { commands } = await test.capsules.enter(scope.teamId, id);
    await commands.start({ command: "sleep", args: ["1000"] }, { tag: "sleeper" });
    const { pid } = await test.host.info();
    process.kill(pid, "SIGKILL");
    await until(async () => (await test.host.info()).pid !== pid);
    assert.ok((await commands.list()).some(({ tag }) => tag === "sleeper"));
    await becomes(test, id, "running"); // it may have been missing for a moment
  });
});

test("a host of which one driver cannot be used is compared as rarely as any other", async (t) => {
  await using test = await openTestCapsules();
  const { drivers } = await test.host.info();
  assert.ok(
    drivers.some(({ can, availability }) => can.templates && !availability.usable),
    "all can be used",
  );
  const [shown] = test.parts.hosts.list();
  const asked = t.mock.method(shown ?? assert.fail("there is no host"), "sandboxes").mock;
  await test.restart();
  await until(() => asked.callCount() > 0);
  const looks = t.mock.method(test.parts.hosts, "list").mock;
  await until(() => looks.callCount() >= 50);
  assert.equal(asked.callCount(), 1);
});
