/** What the database knows of stacks: where they run, their history, what they need, and who changes them now. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../platform/clock.ts";
import { eachDialect } from "../../platform/db/testing.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import { until } from "../../platform/testing/until.ts";
import { createDependencies } from "./dependencies.ts";
import { createDeployments, type NewDeployment } from "./deployments.ts";
import { createPlacements } from "./placements.ts";
import { createStackLocks, type StackLockParts } from "./stack-locks.ts";
import { openStepLog } from "./step-log.ts";

const log = { warn() {} };

const deployment: NewDeployment = {
  ...{ stack: "shop", hostId: "host_1", compose: "services: {}\n", isTrusted: true, note: "env: prod" },
  ...{ services: [{ service: "web", image: "tiny:1" }], userId: "user_1", userName: "ann" },
};

const lockParts = (database: StackLockParts["database"], self: string, leaseMs = 60_000): StackLockParts => ({
  ...{ database, clock: systemClock, self, log, essential: (work) => work(), times: { leaseMs, patienceMs: 300 } },
});

eachDialect("stacks in the database", (open) => {
  test("a placement is the last one, until it is removed", async () => {
    await using database = await open();
    const placements = createPlacements(database, { ...systemClock, now: () => 7 });
    await placements.put("shop", { hostId: "host_1", environment: "prod" });
    await placements.put("shop", { hostId: "host_2" });
    await placements.setStatus("shop", "stopped");
    await placements.setStatus("other", "stopped");
    const placed = { stack: "shop", hostId: "host_2", status: "stopped", deployedAt: 7, updatedAt: 7 };
    assert.deepEqual(await placements.list(), [placed]);
    assert.deepEqual(await placements.get("shop"), placed);
    await placements.remove("shop");
    assert.equal(await placements.get("shop"), undefined);
  });

  test("a deployment is listed once it has gone well", async () => {
    await using database = await open();
    const deployments = createDeployments(database, { ...systemClock, now: () => 7 });
    const failed = await deployments.begin(deployment);
    await deployments.end(failed, "the port is taken");
    const done = await deployments.begin(deployment);
    await deployments.end(done);
    assert.deepEqual(await deployments.list("shop", 10), [
      { ...deployment, id: done, state: "done", startedAt: 7, endedAt: 7 },
    ]);
    const { state, error } = (await deployments.get("shop", failed)) ?? {};
    assert.deepEqual([state, error], ["failed", "the port is taken"]);
    assert.equal(await deployments.get("other", done), undefined);
  });

  test("a deployment that was cut off is told so, as soon as nobody holds its stack, and when the next one begins", async () => {
    await using database = await open();
    const deployments = createDeployments(database, systemClock);
    const hold = (stack: string) =>
      database.kysely
        .insertInto("stack_locks")
        .values({ stack, holder: "yard_1", until: Date.now() + 60_000 })
        .execute();
    await hold("shop");
    await hold("other");
    const cutOff = await deployments.begin(deployment);
    const elsewhere = await deployments.begin({ ...deployment, stack: "other" });
    assert.equal((await deployments.newest("shop"))?.state, "running");
    await using again = createStackLocks(lockParts(database, "yard_1"));
    await again.giveBack();
    assert.match((await deployments.newest("shop"))?.error ?? "", /deploy again/);

    await hold("shop");
    await hold("other");
    const next = await deployments.begin(deployment);
    const { state, error } = (await deployments.get("shop", cutOff)) ?? {};
    assert.equal(state, "failed");
    assert.match(error ?? "", /deploy again/);
    assert.equal((await deployments.get("other", elsewhere))?.state, "running");
    await database.kysely.updateTable("stack_locks").set({ until: 1 }).where("stack", "=", "shop").execute();
    assert.equal((await deployments.get("shop", next))?.state, "failed", "whoever held it has not renewed its lease");
  });

  test("the oldest deployments are forgotten, with their steps", async () => {
    await using database = await open();
    const deployments = createDeployments(database, systemClock);
    const first = await deployments.begin(deployment);
    await deployments.addSteps(first, 0, [{ at: 1, text: "begun" }]);
    await deployments.end(first);
    const elsewhere = await deployments.begin({ ...deployment, stack: "other" });
    for (let i = 0; i < 200; i++) await deployments.end(await deployments.begin(deployment));
    assert.equal(await deployments.get("shop", first), undefined);
    assert.deepEqual(await deployments.steps(first), []);
    assert.equal((await deployments.list("shop", 500)).length, 200);
    assert.ok(await deployments.get("other", elsewhere));
  });

  test("steps are told at once, and kept in their order", async () => {
    await using database = await open();
    const deployments = createDeployments(database, systemClock);
    const id = await deployments.begin(deployment);
    const heard: string[] = [];
    {
      await using steps = openStepLog(id, {
        ...{ deployments, clock: { ...systemClock, now: () => 3 }, log },
        listener: ({ text }) => void heard.push(text),
      });
      steps.tell("one");
      steps.tell("two");
      assert.deepEqual(heard, ["one", "two"]);
      await until(async () => (await deployments.steps(id)).length === 2);
      steps.tell("three");
    }
    const kept = ["one", "two", "three"].map((text) => ({ at: 3, text }));
    assert.deepEqual(await deployments.steps(id), kept);
  });

  test("dependencies are cleaned, replaced, and known from both ends", async () => {
    await using database = await open();
    const dependencies = createDependencies(database);
    assert.deepEqual(await dependencies.set("web", [" db ", "", "web", "db", "cache"]), ["cache", "db"]);
    await dependencies.set("jobs", ["db"]);
    assert.deepEqual(await dependencies.get("db"), { dependsOn: [], dependents: ["jobs", "web"] });
    assert.deepEqual(await dependencies.get("web"), { dependsOn: ["cache", "db"], dependents: [] });
    assert.deepEqual(await dependencies.set("web", []), []);
    assert.deepEqual((await dependencies.get("db")).dependents, ["jobs"]);
  });

  test("prerequisites come after what they need themselves, and never in a circle", async () => {
    await using database = await open();
    const dependencies = createDependencies(database);
    await dependencies.set("web", ["api", "db"]);
    await dependencies.set("api", ["db", "queue"]);
    assert.deepEqual(await dependencies.prerequisites("web"), ["db", "queue", "api"]);
    await assert.rejects(dependencies.set("db", ["web"]), (error) => isYardError(error, "precondition"));
    assert.deepEqual(await dependencies.get("db"), { dependsOn: [], dependents: ["api", "web"] });
  });

  test("one yard changes a stack at a time, each change after the other", async () => {
    await using database = await open();
    await using locks = createStackLocks(lockParts(database, "yard_1"));
    const order: string[] = [];
    const change = (name: string) =>
      locks.withStack("shop", async () => {
        order.push(`${name} begins`);
        await new Promise((resolve) => setTimeout(resolve, 20));
        order.push(`${name} ends`);
      });
    await Promise.all([change("one"), change("two")]);
    assert.deepEqual(order, ["one begins", "one ends", "two begins", "two ends"]);
    assert.deepEqual(await database.kysely.selectFrom("stack_locks").selectAll().execute(), []);
  });

  test("another yard waits, gives up, and takes over when the lease is over", async () => {
    await using database = await open();
    await using other = createStackLocks(lockParts(database, "yard_2"));
    const hold = (until: number) =>
      database.kysely.insertInto("stack_locks").values({ stack: "shop", holder: "yard_1", until }).execute();
    await hold(Date.now() + 60_000);
    await assert.rejects(
      other.withStack("shop", async () => {}),
      (error) => isYardError(error, "conflict"),
    );
    await database.kysely.updateTable("stack_locks").set({ until: 1 }).execute();
    assert.equal(await other.withStack("shop", async () => "mine"), "mine");
    await hold(Date.now() + 60_000);
    await using again = createStackLocks(lockParts(database, "yard_1"));
    assert.equal(await again.withStack("shop", async () => "mine again"), "mine again");
  });

  test("whoever has lost its lease is told to stop", async () => {
    await using database = await open();
    await using locks = createStackLocks(lockParts(database, "yard_1", 60));
    await locks.withStack("shop", async (signal) => {
      await database.kysely.updateTable("stack_locks").set({ holder: "yard_2" }).execute();
      await until(() => signal.aborted);
    });
    assert.equal((await database.kysely.selectFrom("stack_locks").select("holder").execute())[0]?.holder, "yard_2");
  });

  test("closing tells what is under way to stop, and waits for it", async () => {
    await using database = await open();
    const locks = createStackLocks(lockParts(database, "yard_1"));
    const begun = Promise.withResolvers<void>();
    const change = locks.withStack("shop", async (signal) => {
      begun.resolve();
      await until(() => signal.aborted);
      return "stopped";
    });
    await begun.promise;
    await locks[Symbol.asyncDispose]();
    assert.equal(await change, "stopped");
    await assert.rejects(
      locks.withStack("shop", async () => {}),
      (error) => error instanceof YardError && error.code === "interrupted",
    );
  });
});
