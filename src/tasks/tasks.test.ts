import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect } from "../platform/db/testing.ts";
import { isYardError, type YardErrorCode } from "../platform/errors.ts";
import type { TaskCaller, TaskFilter } from "./task.ts";
import { ada, callerOf, crew, eve, newTask, openTestRoom, ran, type TestRoom, vic } from "./testing.ts";

const now = { limit: 100, waitMs: 0 };

function refused(code: YardErrorCode, field?: string) {
  return (error: unknown) => isYardError(error, code) && (field === undefined || error.field === field);
}

/** Five tasks: pending, ready, running, finished with exit 2, cancelled by a user. */
async function oneOfEach(room: TestRoom) {
  const worker = await room.worker();
  const submit = (label: string, priority: number) =>
    room.tasks.submit(ada, newTask({ labels: [label, "all"], priority }));
  const [failed, running] = [await submit("failed", 5), await submit("running", 4)];
  const [first, second] = await room.workers.claim(worker, { limit: 2, waitMs: 0 });
  const result = { waitStatus: 512, reason: null };
  await room.workers.report(worker, first!.id, { kind: "end", state: "finished", result });
  await room.workers.report(worker, second!.id, { kind: "ended", state: "finished" });
  await room.workers.report(worker, second!.id, { kind: "submit", task: newTask({ labels: ["pending", "all"] }) });
  const again = await submit("again", 9);
  const [third] = await room.workers.claim(worker, { limit: 1, waitMs: 0 });
  const ready = await submit("ready", 0);
  const cancelled = await submit("cancelled", -1);
  await room.tasks.cancel(ada, cancelled.uuid);
  return { worker, failed, running, again, ready, cancelled, third };
}

eachDialect("tasks", (open) => {
  test("a task comes back as it was submitted, and tasks of a team are numbered from 1", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    const spec = {
      argv: ["sh", "-c", "echo \"Zoë 🦊\" '$HOME' \\ %"],
      env: { NAME: "value=1\n2" },
      resources: [
        { from: { kind: "attachment" as const, key: "a b/ä" }, path: "in/a" },
        { from: { kind: "artifact" as const, taskUuid: "u", artifact: "std-log" as const }, path: "log" },
      ],
      keepsOutput: true,
      watch: { taskUuid: "other", phase: "exec-finished" as const },
    };
    const given = newTask({ spec, tags: ["b", "a", "b"], labels: ["l", "l"], timeoutSeconds: 7, priority: -(2 ** 31) });
    const { uuid, number } = await room.tasks.submit(ada, given);
    const task = await room.tasks.get(vic, uuid.toUpperCase());
    assert.deepEqual(
      { ...task, id: 0, createdAt: 0, updatedAt: 0 },
      {
        ...{ ...given, id: 0, uuid, number: 1, tags: ["a", "b"], labels: ["l"], createdAt: 0, updatedAt: 0 },
        ...{ creator: { userId: ada.userId, username: "ada" }, state: "ready", attempts: 0, workerUuid: null },
        ...{ reporterUuid: null, result: null, upstreamUuid: null, downstreamUuid: null },
      },
    );
    assert.equal(number, 1);
    const next = await Promise.all([1, 2, 3].map(() => room.tasks.submit(ada, newTask())));
    assert.deepEqual(next.map((one) => one.number).toSorted(), [2, 3, 4]);
    assert.equal(await room.figures.tasksOf(crew.id), 4);
  });

  test("of many tasks in one call the bad ones are refused each for itself, the others are there in order", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    const results = await room.tasks.submitMany(ada, [
      newTask(),
      newTask({ priority: 2 ** 31 }),
      newTask({ team: { id: "team_others", name: "others" } }),
      newTask({ tags: ["gpu"] }),
      newTask({ spec: { ...newTask().spec, argv: ["a\0b"] } }),
      newTask({
        spec: { ...newTask().spec, resources: [{ from: { kind: "attachment", key: "k" }, path: "a/../../b" }] },
      }),
      newTask({ labels: ["l"] }),
    ]);
    const seen = results.map((result) => ("uuid" in result ? result.number : `${result.code} ${result.field}`));
    assert.deepEqual(seen, [1, "invalid priority", "not_found team", 2, "invalid argv", "invalid resources", 3]);
    assert.equal(await room.tasks.count(ada, { team: crew }), 3);
  });

  test("a submit that is repeated with its key is done once; the key is refused for another task, and is the user's own", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    const bob = callerOf("bob", [[crew, "member"]]);
    const key = { idempotencyKey: "k1" };
    const first = await room.tasks.submit(ada, newTask(), key);
    const again = await Promise.all([1, 2, 3].map(() => room.tasks.submit(ada, newTask(), key)));
    assert.deepEqual(again, [first, first, first]);
    await room.tasks.cancel(ada, first.uuid);
    assert.deepEqual(await room.tasks.submit(ada, newTask(), key), first);
    await assert.rejects(room.tasks.submit(ada, newTask({ priority: 1 }), key), refused("conflict", "idempotencyKey"));
    assert.notEqual((await room.tasks.submit(bob, newTask(), key)).uuid, first.uuid);
    const together = await Promise.all([1, 2].map(() => room.tasks.submit(ada, newTask(), { idempotencyKey: "k2" })));
    assert.deepEqual(together[0], together[1]);
    assert.equal(await room.tasks.count(ada, { team: crew }), 3);
  });

  test("every filter finds what it names, open tasks before ended ones, in pages and in counts", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    const { worker } = await oneOfEach(room);
    const all = ["running", "pending", "again", "ready", "failed", "cancelled"];
    for (const [filter, labels] of [
      [{}, all],
      [{ states: ["ready"] }, ["ready"]],
      [{ states: ["running"] }, ["again"]],
      [{ states: ["pending"] }, ["pending"]],
      [{ states: ["finished"] }, ["running", "failed"]],
      [{ states: ["cancelled"] }, ["cancelled"]],
      [{ states: ["running", "cancelled"] }, ["again", "cancelled"]],
      [{ labels: ["all"] }, all],
      [{ labels: ["all", "failed"] }, ["failed"]],
      [{ labels: ["none"] }, []],
      [{ creators: ["ada"] }, all],
      [{ creators: ["eve"] }, []],
      [{ creators: ["eve", "ada"], priority: { is: ">", value: 4 } }, ["again", "failed"]],
      [{ priority: { is: "=", value: 0 } }, ["pending", "ready"]],
      [{ priority: { is: "<=", value: 0 } }, ["pending", "ready", "cancelled"]],
      [{ priority: { is: "!=", value: 5 } }, ["running", "pending", "again", "ready", "cancelled"]],
      [{ waitStatus: { is: "!=", value: 0 } }, ["failed"]],
      [{ waitStatus: { is: ">=", value: 0 } }, ["failed", "cancelled"]],
      [{ waitStatus: { is: "<", value: 512 } }, ["cancelled"]],
      [{ reporterUuid: worker.uuid }, ["failed"]],
      [{ reporterUuid: worker.uuid, labels: ["all"], creators: ["ada"], states: ["finished"] }, ["failed"]],
      [{ tags: ["gpu"] }, []],
    ] as const satisfies readonly (readonly [Omit<TaskFilter, "team">, readonly string[]])[]) {
      const tasks = await room.tasks.find(vic, { team: crew, ...filter });
      const found = tasks.map((task) => task.labels.find((label) => label !== "all"));
      assert.deepEqual(found, labels, JSON.stringify(filter));
      assert.equal(await room.tasks.count(vic, { team: crew, ...filter }), labels.length, JSON.stringify(filter));
    }
    const paged: (string | undefined)[] = [];
    for (let offset = 0; offset < all.length; offset += 2)
      paged.push(...(await room.tasks.find(ada, { team: crew }, { offset, limit: 2 })).map(({ labels }) => labels[0]));
    assert.deepEqual(paged, all);
    assert.deepEqual(await room.tasks.find(ada, { team: crew }, { offset: 6 }), []);
    await assert.rejects(room.tasks.find(ada, { team: crew, states: [] }), refused("invalid", "states"));
  });

  test("tags find tasks with all of them, whichever others they have", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    for (const tags of [["a"], ["a", "b"], ["b", "c"], []]) {
      await room.tasks.submit(ada, newTask({ tags }));
      const { uuid } = await room.tasks.submit(ada, newTask({ tags }));
      await room.tasks.cancel(ada, uuid);
    }
    for (const [tags, count] of [
      [["a"], 4],
      [["b"], 4],
      [["a", "b"], 2],
      [["c", "b", "c"], 2],
      [["a", "c"], 0],
    ] as const)
      assert.equal(await room.tasks.count(ada, { team: crew, tags }), count, tags.join());
  });

  test("only a task that waits for a worker can be changed, labels always", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    const { ready, again, cancelled } = await oneOfEach(room);
    const spec = { ...newTask().spec, argv: ["echo"] };
    await room.tasks.change(ada, ready.uuid, { tags: ["gpu"], priority: 3, timeoutSeconds: 1, spec });
    const { tags, priority, timeoutSeconds, spec: changed } = await room.tasks.get(ada, ready.uuid);
    assert.deepEqual(
      { tags, priority, timeoutSeconds, spec: changed },
      { tags: ["gpu"], priority: 3, timeoutSeconds: 1, spec },
    );
    for (const { uuid } of [again, cancelled])
      await assert.rejects(room.tasks.change(ada, uuid, { priority: 1 }), refused("not_found"));
    await assert.rejects(room.tasks.change(ada, ready.uuid, {}), refused("invalid"));
    for (const { uuid } of [ready, again, cancelled]) await room.tasks.setLabels(ada, uuid, ["new", uuid]);
    assert.equal(await room.tasks.count(ada, { team: crew, labels: ["new"] }), 3);
    assert.equal(await room.tasks.count(ada, { team: crew, labels: ["cancelled"] }), 0);
    await room.tasks.setLabels(ada, ready.uuid, []);
    assert.deepEqual((await room.tasks.get(ada, ready.uuid)).labels, []);
  });

  test("a cancelled task is over at once, whatever it was doing, and what it has submitted goes with it", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    const { running, again, ready, failed, worker, third } = await oneOfEach(room);
    const waits = room.tasks.ended(ada, again.uuid, { timeoutMs: 20_000 });
    const news = room.workers.news(worker, { holds: [again.uuid, running.uuid], timeoutMs: 20_000 });
    await room.tasks.cancel(ada, again.uuid);
    const { state, result, reporterUuid, attempts } = await waits;
    assert.deepEqual(
      { state, result, reporterUuid, attempts },
      { state: "cancelled", result: { waitStatus: 0, reason: "user-cancellation" }, reporterUuid: null, attempts: 1 },
    );
    assert.deepEqual(await news, { lost: [again.uuid], watched: [], isDraining: false });
    await assert.rejects(room.workers.report(worker, third!.id, ran), refused("not_found"));
    const unknown = "01900000-0000-7000-8000-000000000000";
    const answer = await room.tasks.cancelAll(ada, [ready.uuid, unknown, running.uuid, failed.uuid, again.uuid, "x"]);
    assert.deepEqual(answer, { cancelled: 2, failed: [unknown, failed.uuid, again.uuid, "x"] });
    assert.equal(await room.tasks.count(ada, { team: crew, states: ["pending", "ready", "running"] }), 0);
    await assert.rejects(room.tasks.cancel(ada, ready.uuid), refused("not_found"));
  });

  test("cancelling by a filter takes what waits or runs, and nothing else", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    const { running } = await oneOfEach(room);
    assert.equal(await room.tasks.cancelMatching(ada, { team: crew, states: ["ready", "finished"] }), 1);
    assert.equal(await room.tasks.cancelMatching(ada, { team: crew, labels: ["nothing"] }), 0);
    assert.equal(await room.tasks.cancelMatching(ada, { team: crew }), 2);
    assert.equal(
      (await room.tasks.get(ada, running.uuid)).result,
      null,
      "its end was reported: it is over but for the commit",
    );
  });

  test("what is not yours does not exist, and a viewer changes nothing", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    const { uuid } = await room.tasks.submit(ada, newTask());
    const changes = (caller: TaskCaller) => [
      () => room.tasks.submit(caller, newTask()),
      () => room.tasks.change(caller, uuid, { priority: 1 }),
      () => room.tasks.setLabels(caller, uuid, []),
      () => room.tasks.cancel(caller, uuid),
      () => room.tasks.cancelMatching(caller, { team: crew }),
    ];
    const reads = [
      () => room.tasks.get(eve, uuid),
      () => room.tasks.find(eve, { team: crew }),
      () => room.tasks.count(eve, { team: crew }),
      () => room.tasks.ended(eve, uuid, { timeoutMs: 0 }),
    ];
    for (const act of [...changes(eve), ...reads]) await assert.rejects(act(), refused("not_found"));
    for (const act of changes(vic)) await assert.rejects(act(), refused("forbidden", "team"));
    for (const caller of [eve, vic])
      assert.deepEqual(await room.tasks.cancelAll(caller, [uuid]), { cancelled: 0, failed: [uuid] });
    const task = await room.tasks.get(ada, uuid);
    assert.deepEqual([task.state, task.priority], ["ready", 0]);
  });

  test("a team has room for so many tasks that are not over", async () => {
    await using database = await open();
    await using room = await openTestRoom(database, { settings: { openTasksPerTeam: 3 } });
    const results = await room.tasks.submitMany(
      ada,
      [1, 2, 3, 4].map(() => newTask()),
    );
    assert.deepEqual(
      results.map((result) => isYardError(result, "too_many")),
      [false, false, false, true],
    );
    await assert.rejects(room.tasks.submit(ada, newTask()), refused("too_many"));
  });

  test("ended tasks are forgotten beyond the number that a team may keep, and all of a team that is no more", async () => {
    await using database = await open();
    await using room = await openTestRoom(database, { settings: { retention: { maxAgeMs: 1e12, maxTasks: 2 } } });
    const worker = await room.worker();
    await room.tasks.submitMany(
      ada,
      [1, 2, 3, 4, 5].map((i) => newTask({ labels: [`${i}`] })),
    );
    await room.tasks.cancelMatching(ada, { team: crew });
    await room.tasks.submit(ada, newTask({ labels: ["open"], tags: ["x"] }));
    await room.tidy();
    const kept = await room.tasks.find(ada, { team: crew });
    assert.deepEqual(
      kept.map(({ labels }) => labels[0]),
      ["open", "4", "5"],
    );
    await room.clearTeam(crew.id);
    assert.equal(await room.tasks.count(ada, { team: crew }), 0);
    for (const table of [
      "tasks",
      "ended_tasks",
      "task_labels",
      "task_queues",
      "task_queue_tags",
      "task_counters",
    ] as const)
      assert.deepEqual(await database.kysely.selectFrom(table).selectAll().execute(), [], table);
    assert.deepEqual(await room.workers.claim(worker, now), []);
  });
});
