import assert from "node:assert/strict";
import { test } from "node:test";
import { openDatabase } from "../platform/db/database.ts";
import { eachDialect } from "../platform/db/testing.ts";
import { isYardError } from "../platform/errors.ts";
import { until } from "../platform/testing/until.ts";
import type { TeamRole } from "./task.ts";
import { ada, crew, newTask, openTestRoom, others, ran, type TestRoom } from "./testing.ts";
import type { WorkerIdentity } from "./workers.ts";

const now = { limit: 10, waitMs: 0 };

/** Takes and reports until nothing is left. @returns the uuids, in the order they came */
async function drain({ workers }: TestRoom, worker: WorkerIdentity, limit: number): Promise<readonly string[]> {
  const taken: string[] = [];
  for (;;) {
    const tasks = await workers.claim(worker, { limit, waitMs: 0 });
    if (tasks.length === 0) return taken;
    taken.push(...tasks.map(({ uuid }) => uuid));
    await workers.reportMany(
      worker,
      tasks.map(({ id }) => ({ taskId: id, report: ran })),
    );
  }
}

eachDialect("claims", (open, dialect) => {
  test("many workers that claim at the same time get each task exactly once", { timeout: 60_000 }, async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    const given = Array.from({ length: 600 }, (_, i) => newTask({ tags: [`queue-${i % 7}`] }));
    const submitted = await room.tasks.submitMany(ada, given);
    const tags = Array.from({ length: 7 }, (_, i) => `queue-${i}`);
    const crowd = await Promise.all(Array.from({ length: 12 }, () => room.worker({ tags })));
    const taken = await Promise.all(crowd.map((worker, i) => drain(room, worker, 1 + (i % 5) * 5)));
    assert.deepEqual(taken.flat().toSorted(), submitted.map((task) => "uuid" in task && task.uuid).toSorted());
    assert.equal(await room.tasks.count(ada, { team: crew, states: ["finished"] }), 600);
    assert.deepEqual(await database.kysely.selectFrom("tasks").select("id").execute(), []);
  });

  test("a claim takes by priority, then by age, over all queues that fit", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    for (const [label, priority, tags] of [
      ["c", 0, []],
      ["a", 7, ["gpu"]],
      ["e", -3, []],
      ["b", 7, []],
      ["d", 0, ["gpu"]],
    ] as const)
      await room.tasks.submit(ada, newTask({ labels: [label], priority, tags }));
    const worker = await room.worker({ tags: ["gpu", "fast"] });
    const order: string[] = [];
    for (let claims = [2, 1, 10], i = 0; i < claims.length; i++) {
      for (const { uuid } of await room.workers.claim(worker, { limit: claims[i]!, waitMs: 0 }))
        order.push(...(await room.tasks.get(ada, uuid)).labels);
    }
    assert.deepEqual(order, ["a", "b", "c", "d", "e"]);
  });

  test("a worker gets the tasks whose tags it has all of, and whose team it serves", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    for (const [what, offered, asked, gets] of [
      ["no tags on either side", [], [], true],
      ["a task without tags", ["gpu"], [], true],
      ["all tags of the task are the worker's", ["gpu", "big"], ["gpu"], true],
      ["the worker lacks one", ["gpu"], ["gpu", "big"], false],
      ["the worker has none", [], ["gpu"], false],
      ["order and repetition do not matter", ["b", "a"], ["a", "b", "a"], true],
    ] as const) {
      const { uuid } = await room.tasks.submit(ada, newTask({ tags: asked }));
      const claimed = await room.workers.claim(await room.worker({ tags: offered }), now);
      assert.equal(claimed.length, gets ? 1 : 0, what);
      if (!gets) await room.tasks.cancel(ada, uuid);
    }
    for (const [role, gets] of [
      ["viewer", false],
      ["member", true],
      ["admin", true],
      ["owner", true],
    ] as const satisfies readonly (readonly [TeamRole, boolean])[]) {
      const { uuid } = await room.tasks.submit(ada, newTask());
      const claimed = await room.workers.claim(await room.worker({ teams: new Map([[crew.id, role]]) }), now);
      assert.equal(claimed.length, gets ? 1 : 0, role);
      if (!gets) await room.tasks.cancel(ada, uuid);
    }
    const both = { ...ada, teams: new Map([...ada.teams, [others.id, "member" as const]]) };
    await room.tasks.submit(both, newTask({ team: others }));
    assert.deepEqual(await room.workers.claim(await room.worker(), now), []);
  });

  test("a change of tags or teams acts on the next claim, and wakes one that waits", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    await room.tasks.submitMany(ada, [newTask({ tags: ["gpu"] }), newTask({ tags: ["gpu"] }), newTask()]);
    const worker = await room.worker({ teams: new Map([[crew.id, "admin"]]) });
    assert.equal((await room.workers.claim(worker, now)).length, 1);
    const waiting = room.workers.claim(worker, { limit: 1, waitMs: 20_000 });
    await room.workers.setTags(ada, worker.uuid, ["gpu"]);
    assert.equal((await waiting).length, 1);
    await room.workers.setTeams(ada, worker.uuid, new Map([[crew.id, "viewer"]]));
    assert.deepEqual(await room.workers.claim(worker, now), []);
  });

  test("work that arrives wakes as many waiting claims as there are tasks", { timeout: 30_000 }, async () => {
    await using database = await open();
    await using room = await openTestRoom(database, { settings: { pollMs: 60_000 } });
    const crowd = await Promise.all(Array.from({ length: 10 }, () => room.worker()));
    const gone = new AbortController();
    let woken = 0;
    const claims = crowd.map(async (worker) => {
      const tasks = await room.workers.claim(worker, { limit: 1, waitMs: 25_000, signal: gone.signal });
      woken += tasks.length;
    });
    await until(async () => (await room.workers.find(ada, { team: crew })).length === 10);
    await room.tasks.submitMany(ada, [newTask(), newTask(), newTask()]);
    await until(() => woken === 3);
    gone.abort();
    await Promise.all(claims);
    assert.equal(woken, 3);
  });

  test("what was taken for somebody who has left meanwhile is there for the next, as if it had not been taken", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    const { uuid } = await room.tasks.submit(ada, newTask());
    const worker = await room.worker();
    const gone = new AbortController();
    const claim = room.workers.claim(worker, { limit: 1, waitMs: 0, signal: gone.signal });
    gone.abort();
    assert.deepEqual(await claim, []);
    assert.equal((await room.tasks.get(ada, uuid)).attempts, 0);
    const [task] = await room.workers.claim(await room.worker(), now);
    assert.deepEqual({ uuid: task?.uuid, attempts: task?.attempts }, { uuid, attempts: 1 });
  });

  test("a worker that was removed while it waits for work is refused", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    const worker = await room.worker({ teams: new Map([[crew.id, "admin"]]) });
    const refused = assert.rejects(room.workers.claim(worker, { limit: 1, waitMs: 20_000 }), (error) =>
      isYardError(error, "unauthenticated"),
    );
    await room.workers.shutDown(ada, worker.uuid, { force: true });
    await refused;
  });

  if (dialect === "sqlite") {
    test("a task that somebody waits for is taken in the commit that adds it, and only the others are announced", async () => {
      await using database = await open();
      await using room = await openTestRoom(database, { settings: { pollMs: 60_000 } });
      const announced: number[] = [];
      using _listening = room.bus.subscribe("task.ready", ({ queues }) => {
        announced.push(...queues.map(({ count }) => count));
      });
      const [one, two] = [await room.worker(), await room.worker()];
      for (const worker of [one, two]) await room.workers.claim(worker, now); // its lease is fresh: what comes next is a look at the queue and nothing else
      const waiting = [
        room.workers.claim(one, { limit: 2, waitMs: 20_000 }),
        room.workers.claim(two, { limit: 1, waitMs: 20_000 }),
      ];
      await room.tasks.submit(ada, newTask({ tags: ["another queue"] })); // saved after both have looked
      await new Promise(setImmediate);
      const submitted = await room.tasks.submitMany(ada, [newTask(), newTask(), newTask(), newTask(), newTask()]);
      const states = submitted.map(async (task) => "uuid" in task && (await room.tasks.get(ada, task.uuid)).state);
      assert.deepEqual(await Promise.all(states), ["running", "running", "running", "ready", "ready"]);
      assert.deepEqual(announced, [1, 2]);
      const taken = await Promise.all(waiting);
      assert.deepEqual(taken.map((tasks) => tasks.length).sort(), [1, 2]);
    });
  }

  if (dialect === "postgres") {
    test("two yards on one database give each task to one worker, and wake each other's", {
      timeout: 60_000,
    }, async () => {
      await using database = await open();
      await using other = await openDatabase(database.options);
      await using here = await openTestRoom(database, { settings: { pollMs: 200 } });
      await using there = await openTestRoom(other, { settings: { pollMs: 200 } });
      const [one, two] = [await here.worker({ tags: ["x"] }), await there.worker({ tags: ["x"] })];
      const waiting = there.workers.claim(two, { limit: 1, waitMs: 120_000 });
      // Each yard has a bus of its own here: as if Redis were away. A queue that only the other one has opened is found all the same.
      await here.tasks.submit(ada, newTask({ tags: ["x"] }));
      const [first] = await waiting;
      assert.ok(first);
      await there.workers.report(two, first.id, ran);
      await here.tasks.submitMany(
        ada,
        Array.from({ length: 300 }, () => newTask({ tags: ["x"] })),
      );
      const taken = await Promise.all([drain(here, one, 3), drain(there, two, 7), drain(there, one, 5)]);
      assert.equal(new Set(taken.flat()).size, 300);
      assert.equal(taken.flat().length, 300);
      assert.equal((await here.tasks.ended(ada, first.uuid, { timeoutMs: 0 })).reporterUuid, two.uuid);
    });
  }
});
