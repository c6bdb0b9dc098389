import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect, type TestDatabase } from "../platform/db/testing.ts";
import { createTaskBrowser, type TaskPhase, type WantedTasks } from "./browse.ts";
import type { TaskResult } from "./task.ts";
import { ada, callerOf, crew, newTask, openTestRoom, others, type TestRoom } from "./testing.ts";

const both = callerOf("ada", [
  [crew, "admin"],
  [others, "admin"],
]);

function browserOf(database: TestDatabase) {
  const browser = createTaskBrowser(database);
  const numbers = async (wanted: Partial<WantedTasks> = {}) => {
    const { rows, next } = await browser.page({ teams: [crew], from: undefined, limit: 100, ...wanted });
    return { numbers: rows.map(({ number }) => number), next };
  };
  return { ...browser, numbers };
}

/** Lets a worker end the oldest task that waits. */
async function end(room: TestRoom, result: Partial<TaskResult>): Promise<void> {
  const worker = await room.worker();
  const [claimed] = await room.workers.claim(worker, { limit: 1, waitMs: 0 });
  assert.ok(claimed);
  const report = { kind: "end", state: "finished", result: { waitStatus: 0, reason: null, ...result } } as const;
  await room.workers.report(worker, claimed.id, report);
}

eachDialect("tasks that are looked through", (open) => {
  test("are in pages, the newest first, whether they are over or not", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    const { numbers } = browserOf(database);
    for (let i = 0; i < 5; i++) await room.tasks.submit(ada, newTask());
    await end(room, {});
    await end(room, {});
    const first = await numbers({ limit: 2 });
    assert.deepEqual(first.numbers, [5, 4]);
    await room.tasks.submit(ada, newTask());
    await end(room, {}); // the third is over now: it is where it was
    const second = await numbers({ limit: 2, from: first.next });
    assert.deepEqual(second.numbers, [3, 2], "what came meanwhile is on no later page");
    assert.deepEqual(await numbers({ limit: 2, from: second.next }), { numbers: [1], next: undefined });
  });

  test("are those of all teams that are named, and of no other", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    const { page } = browserOf(database);
    for (const team of [crew, others, crew]) await room.tasks.submit(both, newTask({ team }));
    const teamsIn = async (teams: WantedTasks["teams"]) =>
      (await page({ teams, from: undefined, limit: 10 })).rows.map(({ team }) => team.name);
    assert.deepEqual(await teamsIn([crew, others]), ["crew", "others", "crew"]);
    assert.deepEqual(await teamsIn([others]), ["others"]);
    assert.deepEqual(await teamsIn([]), []);
  });

  test("are found by how they do", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    const { numbers, counts } = browserOf(database);
    for (let i = 0; i < 5; i++) await room.tasks.submit(ada, newTask());
    await end(room, {});
    await end(room, { waitStatus: 256 });
    const [fifth] = (await browserOf(database).page({ teams: [crew], from: undefined, limit: 1 })).rows;
    await room.tasks.cancel(ada, fifth!.uuid);
    const [third] = await room.workers.claim(await room.worker(), { limit: 1, waitMs: 0 });
    assert.ok(third);
    const expected: Readonly<Record<TaskPhase, readonly number[]>> = {
      ...{ succeeded: [1], failed: [2], running: [3], queued: [4], cancelled: [5], pending: [] },
    };
    for (const [phase, found] of Object.entries(expected))
      assert.deepEqual((await numbers({ phases: [phase as TaskPhase] })).numbers, found, phase);
    assert.deepEqual((await numbers({ phases: ["failed", "queued"] })).numbers, [4, 2]);
    assert.deepEqual(await counts([crew]), { pending: 0, queued: 1, running: 1 });
  });

  test("are found by their labels, tags and words", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    const { numbers } = browserOf(database);
    await room.tasks.submit(ada, newTask({ labels: ["red"] }));
    await room.tasks.submit(ada, newTask({ labels: ["red", "big"], tags: ["gpu"] }));
    await room.tasks.submit(ada, newTask({ tags: ["gpu"] }));
    assert.deepEqual((await numbers({ labels: ["red"] })).numbers, [2, 1]);
    assert.deepEqual((await numbers({ labels: ["red"], tags: ["gpu"] })).numbers, [2]);
    assert.deepEqual((await numbers({ tags: ["gpu"], limit: 1 })).numbers, [3]);
    assert.deepEqual((await numbers({ matches: ({ labels }) => labels.includes("big") })).numbers, [2]);
  });

  test("that failed since a moment are told, the last ones first, with how many there are", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    const { failedSince } = browserOf(database);
    for (let i = 0; i < 4; i++) await room.tasks.submit(ada, newTask());
    for (const waitStatus of [256, 0, 9, 512]) await end(room, { waitStatus });
    const { tasks, count } = await failedSince([crew], 0, 2);
    assert.deepEqual([tasks.map(({ number }) => number), count], [[4, 3], 3]);
    assert.deepEqual(await failedSince([crew], Date.now() + 60_000, 2), { tasks: [], count: 0 });
    assert.deepEqual(await failedSince([others], 0, 2), { tasks: [], count: 0 });
  });

  test("are found by the beginning of their uuid, and their teams by the whole", async () => {
    await using database = await open();
    await using room = await openTestRoom(database);
    const { withUuid, teamsOf } = browserOf(database);
    const { uuid } = await room.tasks.submit(ada, newTask());
    for (const prefix of [uuid, uuid.slice(0, 8), uuid.slice(0, 20).toUpperCase()])
      assert.deepEqual(
        (await withUuid([crew], prefix, 5)).map((task) => task.uuid),
        [uuid],
        prefix,
      );
    assert.deepEqual(await withUuid([others], uuid, 5), []);
    await end(room, {});
    assert.deepEqual(
      (await withUuid([crew], uuid, 5)).map((task) => task.uuid),
      [uuid],
    );
    assert.deepEqual(await teamsOf([uuid, "no-such"]), new Map([[uuid, crew.id]]));
  });

  test("pages out of ten thousand are whole, also far back", async () => {
    await using database = await open();
    await using room = await openTestRoom(database, { settings: { openTasksPerTeam: 20_000 } });
    const { numbers } = browserOf(database);
    for (let i = 0; i < 10; i++)
      await room.tasks.submitMany(
        ada,
        Array.from({ length: 1_000 }, () => newTask()),
      );
    const { next } = await numbers({ limit: 500 });
    for (let i = 0; i < 10; i++)
      assert.equal((await numbers({ limit: 100, from: next! - i * 500 })).numbers.length, 100);
  });
});
