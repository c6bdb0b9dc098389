import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../platform/clock.ts";
import { eachDialect } from "../platform/db/testing.ts";
import { isYardError, type YardErrorCode } from "../platform/errors.ts";
import { until } from "../platform/testing/until.ts";
import { ada, callerOf, crew, eve, newTask, openTestRoom, others, ran, vic } from "./testing.ts";
import type { NewWorker } from "./workers.ts";

const one = { limit: 1, waitMs: 0 };
const commit = { kind: "commit", result: { waitStatus: 0, reason: null } } as const;
const finished = { kind: "ended", state: "finished" } as const;
const plain: NewWorker = {
  ...{ tags: [], labels: [], teams: new Map([[crew.id, "admin"]]) },
  ...{ lifetimeMs: 3_600_000, leaseMs: 600_000 },
};

function refused(code: YardErrorCode) {
  return (error: unknown) => isYardError(error, code);
}

eachDialect("workers", (open) => {
  test("a worker that is silent beyond its lease is lost: its task goes to another, and what it reports later changes nothing", async () => {
    await using database = await open();
    await using room = await openTestRoom(database, { settings: { sweepMs: 20 } });
    const { uuid } = await room.tasks.submit(ada, newTask());
    const [silent, other] = [await room.worker({ leaseMs: 150 }), await room.worker()];
    const [task] = await room.workers.claim(silent, one);
    await room.workers.report(silent, task!.id, finished);
    const [again] = await room.workers.claim(other, { limit: 1, waitMs: 20_000 });
    assert.deepEqual([again?.uuid, again?.attempts], [uuid, 2]);
    for (const act of [
      () => room.workers.report(silent, task!.id, commit),
      () => room.workers.reportMany(silent, [{ taskId: task!.id, report: ran }]),
      () => room.workers.claim(silent, one),
      () => room.workers.heartbeat(silent),
      () => room.workers.news(silent, { holds: [uuid], timeoutMs: 0 }),
    ])
      await assert.rejects(act(), refused("unauthenticated"));
    await room.workers.report(other, again!.id, ran);
    const { result, reporterUuid, attempts } = await room.tasks.get(ada, uuid);
    assert.deepEqual([result?.waitStatus, reporterUuid, attempts], [0, other.uuid, 2]);
  });

  test("a worker that is heard of keeps its lease, however short", async () => {
    await using database = await open();
    await using room = await openTestRoom(database, { settings: { sweepMs: 20 } });
    const worker = await room.worker({ leaseMs: 400 });
    const ends = performance.now() + 900;
    await until(
      async () => {
        await room.workers.heartbeat(worker);
        return performance.now() > ends;
      },
      { intervalMs: 30 },
    );
    assert.equal(await room.workers.count(ada, { team: crew }), 1);
  });

  test("duplicate, late and reordered reports: each task ends once, by who holds it", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    const worker = await room.worker();
    await room.tasks.submitMany(ada, [newTask(), newTask()]);
    const [first, second] = await room.workers.claim(worker, { limit: 2, waitMs: 0 });
    await assert.rejects(room.workers.report(worker, first!.id, commit), refused("precondition"));
    await room.workers.report(worker, first!.id, { kind: "ended", state: "cancelled" });
    await room.workers.report(worker, first!.id, finished);
    await room.workers.report(worker, first!.id, { kind: "commit", result: { waitStatus: 9, reason: "exec-timeout" } });
    for (const report of [finished, commit, ran])
      await assert.rejects(room.workers.report(worker, first!.id, report), refused("not_found"));
    const results = await room.workers.reportMany(worker, [
      { taskId: second!.id, report: commit },
      { taskId: second!.id, report: ran },
      { taskId: second!.id, report: ran },
      { taskId: first!.id, report: ran },
      { taskId: 2 ** 60, report: ran },
      { taskId: Number.NaN, report: ran },
    ]);
    assert.deepEqual(
      results.map((error) => error?.code),
      ["precondition", undefined, "not_found", "not_found", "not_found", "not_found"],
    );
    const { state, result } = await room.tasks.get(ada, first!.uuid);
    assert.deepEqual([state, result], ["finished", { waitStatus: 9, reason: "exec-timeout" }]);
    assert.equal(await room.tasks.count(ada, { team: crew, waitStatus: { is: ">=", value: 0 } }), 2);
  });

  test("single reports that come together have each a fate of their own", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    const [mine, other] = [await room.worker(), await room.worker()];
    await room.tasks.submitMany(
      ada,
      Array.from({ length: 40 }, () => newTask()),
    );
    const tasks = await room.workers.claim(mine, { limit: 30, waitMs: 0 });
    const others = await room.workers.claim(other, { limit: 10, waitMs: 0 });
    const codesOf = async (reports: readonly Promise<void>[]) =>
      (await Promise.allSettled(reports)).map((one) => (one.status === "fulfilled" ? "done" : one.reason.code));
    const ended = await codesOf([
      ...tasks.map(({ id }) => room.workers.report(mine, id, finished)),
      ...others.map(({ id }) => room.workers.report(mine, id, finished)),
      ...others.map(({ id }) => room.workers.report(other, id, { kind: "ended", state: "cancelled" })),
      ...tasks.map(({ id }) => room.workers.report(mine, id, finished)),
    ]);
    assert.deepEqual(ended, [...Array(30).fill("done"), ...Array(10).fill("not_found"), ...Array(40).fill("done")]);
    const committed = await codesOf([
      ...tasks.map(({ id }, i) =>
        room.workers.report(mine, id, { kind: "commit", result: { waitStatus: i, reason: null } }),
      ),
      ...others.map(({ id }) => room.workers.report(mine, id, commit)),
      ...others.map(({ id }) => room.workers.report(other, id, ran)),
      ...tasks.map(({ id }) => room.workers.report(mine, id, commit)),
    ]);
    const gone = Array(30).fill("not_found");
    assert.deepEqual(committed, [
      ...Array(30).fill("done"),
      ...Array(10).fill("not_found"),
      ...Array(10).fill("done"),
      ...gone,
    ]);
    const results = await Promise.all(
      tasks.map(async ({ uuid }) => (await room.tasks.get(ada, uuid)).result?.waitStatus),
    );
    assert.deepEqual(
      results,
      tasks.map((_, i) => i),
    );
    assert.equal(await room.tasks.count(ada, { team: crew, states: ["finished"] }), 40);
  });

  test("what a run submits waits for its commit, belongs to its creator, and is the worker's to submit", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    const worker = await room.worker();
    const { uuid } = await room.tasks.submit(ada, newTask());
    const [task] = await room.workers.claim(worker, one);
    const submit = (given: Parameters<typeof newTask>[0]) => ({ kind: "submit", task: newTask(given) }) as const;
    await assert.rejects(room.workers.report(worker, task!.id, submit({})), refused("precondition"));
    await room.workers.report(worker, task!.id, finished);
    await assert.rejects(room.workers.report(worker, task!.id, submit({ team: others })), refused("invalid"));
    await assert.rejects(room.workers.report(worker, task!.id, submit({ priority: 0.5 })), refused("invalid"));
    await room.workers.report(worker, task!.id, submit({ labels: ["next"] }));
    assert.deepEqual(await room.workers.claim(worker, one), []);
    const waiting = room.workers.claim(worker, { limit: 1, waitMs: 20_000 });
    await room.workers.report(worker, task!.id, commit);
    const [next] = await waiting;
    const { labels, creator, upstreamUuid, number } = await room.tasks.get(ada, next!.uuid);
    assert.deepEqual([labels, creator.username, upstreamUuid, number], [["next"], "ada", uuid, 2]);
    assert.equal(next?.upstreamUuid, uuid);
    assert.equal((await room.tasks.get(ada, uuid)).downstreamUuid, next!.uuid);
    await database.kysely.updateTable("users").set({ state: "locked" }).where("username", "=", "ada").execute();
    const results = await room.workers.reportMany(worker, [
      { taskId: next!.id, report: finished },
      { taskId: next!.id, report: submit({}) },
      { taskId: next!.id, report: commit },
    ]);
    assert.deepEqual(
      results.map((error) => error?.code),
      [undefined, "forbidden", undefined],
    );
  });

  test("a draining worker gets nothing more, is told so, and goes with its last commit; an idle one at once", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    const [busy, idle] = [await room.worker(plain), await room.worker(plain)];
    await room.tasks.submitMany(ada, [newTask(), newTask(), newTask()]);
    const [first, second] = await room.workers.claim(busy, { limit: 2, waitMs: 0 });
    const news = room.workers.news(busy, { holds: [first!.uuid], timeoutMs: 20_000 });
    assert.equal(await room.workers.shutDownMatching(ada, { team: crew }, { force: false }), 2);
    assert.deepEqual(await news, { lost: [], watched: [], isDraining: true });
    await assert.rejects(room.workers.get(ada, idle.uuid), refused("not_found"));
    assert.deepEqual(await room.workers.claim(busy, one), []);
    await room.workers.report(busy, first!.id, ran);
    assert.deepEqual((await room.workers.get(ada, busy.uuid)).taskUuids, [second!.uuid]);
    await room.workers.report(busy, second!.id, ran);
    await assert.rejects(room.workers.get(ada, busy.uuid), refused("not_found"));
  });

  test("a worker that goes, or is made to, leaves its tasks to others", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    await room.tasks.submitMany(ada, [newTask(), newTask()]);
    const [leaving, forced, next] = [await room.worker(plain), await room.worker(plain), await room.worker()];
    await room.workers.claim(leaving, one);
    await room.workers.claim(forced, one);
    await room.workers.unregister(leaving);
    const { uuid } = forced;
    assert.deepEqual(await room.workers.shutDownAll(ada, [uuid, leaving.uuid], { force: true }), {
      count: 1,
      failed: [leaving.uuid],
    });
    assert.equal((await room.workers.claim(next, { limit: 5, waitMs: 0 })).length, 2);
  });

  test("a worker whose task runs far beyond its time is removed by its next heartbeat, which is still answered", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    const { uuid } = await room.tasks.submit(ada, newTask({ timeoutSeconds: 1 }));
    const worker = await room.worker();
    await room.workers.claim(worker, one);
    await room.workers.heartbeat(worker);
    await database.kysely
      .updateTable("tasks")
      .set((task) => ({ updated_at: task("updated_at", "-", 61_100) }))
      .execute();
    await room.workers.heartbeat(worker);
    assert.equal((await room.tasks.get(ada, uuid)).state, "ready");
    await assert.rejects(room.workers.claim(worker, one), refused("unauthenticated"));
  });

  test("a task whose claim was never answered is given back once its worker says what it holds", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    await room.tasks.submitMany(ada, [newTask(), newTask()]);
    const worker = await room.worker();
    const [held] = await room.workers.claim(worker, { limit: 2, waitMs: 0 });
    const holds = [held!.uuid];
    await room.workers.news(worker, { holds, timeoutMs: 0 });
    assert.equal(await room.tasks.count(ada, { team: crew, states: ["running"] }), 2, "the answer may be on its way");
    await database.kysely
      .updateTable("tasks")
      .set((task) => ({ updated_at: task("updated_at", "-", 31_000) }))
      .execute();
    await room.workers.news(worker, { holds, timeoutMs: 0 });
    assert.equal(await room.tasks.count(ada, { team: crew, states: ["ready"] }), 1);
  });

  test("a credential is good until it expires or its worker is removed", async () => {
    await using database = await open();
    const clock = { ...systemClock, offset: 0, now: () => Date.now() + clock.offset };
    await using room = await openTestRoom(database, { clock });
    const { worker, credential } = await room.workers.register(ada, { ...plain, lifetimeMs: 60_000 });
    assert.match(credential, /^wrk_/);
    assert.deepEqual(await room.workers.authenticate(credential), worker);
    assert.deepEqual(room.workers.authenticate(credential), worker, "the second time at once");
    for (const wrong of ["", "wrk_", `${credential}x`, credential.slice(4)])
      await assert.rejects(async () => room.workers.authenticate(wrong), refused("unauthenticated"));
    clock.offset = 121_000;
    await assert.rejects(async () => room.workers.authenticate(credential), refused("unauthenticated"));
    clock.offset = 0;
    await room.workers.authenticate(credential);
    await room.workers.shutDown(ada, worker.uuid, { force: true });
    await assert.rejects(async () => room.workers.authenticate(credential), refused("unauthenticated"));
  });

  test("who is in no team of a worker does not see it; members describe it, and only admins of a team that is its admin command it", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    const { uuid } = await room.worker(plain);
    const bob = callerOf("bob", [[crew, "member"]]);
    assert.equal((await room.workers.get(vic, uuid)).uuid, uuid);
    for (const [caller, code] of [
      [eve, "not_found"],
      [vic, "forbidden"],
      [bob, "forbidden"],
    ] as const) {
      for (const act of [
        ...(caller === bob
          ? []
          : [() => room.workers.setTags(caller, uuid, ["x"]), () => room.workers.setLabels(caller, uuid, ["x"])]),
        () => room.workers.setTeams(caller, uuid, new Map()),
        () => room.workers.removeTeams(caller, uuid, [crew.id]),
        () => room.workers.shutDown(caller, uuid, { force: true }),
        () => room.workers.shutDownMatching(caller, { team: crew }, { force: true }),
      ])
        await assert.rejects(act(), refused(code));
      assert.deepEqual(await room.workers.shutDownAll(caller, [uuid], { force: true }), { count: 0, failed: [uuid] });
    }
    await assert.rejects(
      room.workers.register(ada, { ...plain, teams: new Map([[others.id, "member"]]) }),
      refused("not_found"),
    );
    await assert.rejects(room.workers.register(vic, plain), refused("forbidden"));
    await room.workers.setTags(bob, uuid, ["x"]);
    await room.workers.setLabels(bob, uuid, ["y"]);
    const found = await room.workers.find(vic, {
      team: crew,
      roles: ["admin"],
      creator: "ada",
      tags: ["x"],
      labels: ["y"],
    });
    assert.deepEqual(
      found.map((worker) => [worker.uuid, worker.state]),
      [[uuid, "normal"]],
    );
    await room.workers.shutDown(eve, uuid, { force: true, byAdmin: true });
    assert.equal(await room.workers.count(ada, { team: crew }), 0);
  });

  test("a worker looks at the tasks of the teams it serves, and at no other", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    const both = { ...ada, teams: new Map([...ada.teams, [others.id, "member" as const]]) };
    const [mine, foreign] = [
      await room.tasks.submit(ada, newTask()),
      await room.tasks.submit(both, newTask({ team: others })),
    ];
    const worker = await room.worker();
    await assert.rejects(room.workers.heldTask(worker, mine), refused("not_found"));
    const [task] = await room.workers.claim(worker, one);
    assert.equal((await room.workers.heldTask(worker, { id: task!.id })).uuid, mine.uuid);
    assert.equal((await room.workers.taskFor(worker, mine.uuid)).state, "running");
    await assert.rejects(room.workers.taskFor(worker, foreign.uuid), refused("not_found"));
  });

  test("after a restart workers go on with what they hold, with a fresh lease", async () => {
    await using database = await open();
    const settings = { sweepMs: 20 };
    const before = await openTestRoom(database, { settings });
    const { uuid } = await before.tasks.submit(ada, newTask());
    const { worker, credential } = await before.workers.register(ada, { ...plain, leaseMs: 1_000 });
    const [task] = await before.workers.claim(worker, one);
    await before[Symbol.asyncDispose]();
    await database.kysely.updateTable("task_workers").set({ lease_until: 1 }).execute();
    await using room = await openTestRoom(database, { settings });
    assert.deepEqual(await room.workers.authenticate(credential), worker);
    await room.workers.report(worker, task!.id, ran);
    assert.equal((await room.tasks.get(ada, uuid)).reporterUuid, worker.uuid);
  });
});
