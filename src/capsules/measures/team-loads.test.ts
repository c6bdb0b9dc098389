import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect, type TestDatabase } from "../../platform/db/testing.ts";
import { newId } from "../../platform/ids.ts";
import type { Capsule, CapsuleStatus } from "../capsule.ts";
import { createCapsuleStore } from "../store.ts";
import { type Loads, lookAtLoads, lookMs, openTeamLoads } from "./team-loads.ts";
import { bucketsOf, peaksOf } from "./team-series.ts";

const start = 1_000_000_000_000;
const noQuota = { capsules: 0, vcpus: 0, memoryMb: 0 };
const silent = { info() {}, warn: console.warn, error: console.error };

async function add(database: TestDatabase, status: CapsuleStatus, changes: Partial<Capsule> = {}): Promise<string> {
  const clock = { now: () => start, monotonic: () => 0 };
  const id = newId("capsule");
  await createCapsuleStore({ database, clock }).insert(
    {
      ...{ id, teamId: "team_a", status, template: "minimal", driver: "namespace", hostId: "host_a", keeps: "frozen" },
      ...{ vcpus: 2, memoryMb: 101, diskMb: 1, idleTimeoutSeconds: 0, createdAt: start, updatedAt: start },
      ...changes,
    },
    noQuota,
  );
  return id;
}

eachDialect("what a team has running", (open) => {
  test("is counted now: those that run, and half the memory of those that are paused", async () => {
    await using database = await open();
    await using loads = openTeamLoads({ database, clock: { now: () => start, monotonic: () => 0 }, log: silent });
    assert.deepEqual(await loads.current("team_a"), { running: 0, vcpus: 0, memoryMb: 0 });
    for (const status of ["running", "starting", "paused", "stopped", "missing"] as const) await add(database, status);
    await add(database, "running", { teamId: "team_b" });
    assert.deepEqual(await loads.current("team_a"), { running: 2, vcpus: 4, memoryMb: 253 });
  });

  test("shares a row for as long as it does not change; a time without looks is none of it", async () => {
    await using database = await open();
    await using loads = openTeamLoads({ database, clock: { now: () => start, monotonic: () => 0 }, log: silent });
    const look = (index: number) => lookAtLoads(database, start + index * lookMs);
    await look(0);
    assert.deepEqual(await loads.since("team_a", 0), [], "it never had any");
    const id = await add(database, "running");
    for (const index of [1, 2, 2, 3]) await look(index);
    await createCapsuleStore({ database, clock: { now: () => start, monotonic: () => 0 } }).move(id, "stopped");
    for (const index of [4, 5, 100]) await look(index);
    const at = (index: number) => start + index * lookMs;
    const [one, none] = [
      { running: 1, vcpus: 2, memoryMb: 101 },
      { running: 0, vcpus: 0, memoryMb: 0 },
    ];
    assert.deepEqual(await loads.since("team_a", 0), [
      { ...one, firstAt: at(1), lastAt: at(3) },
      { ...none, firstAt: at(4), lastAt: at(5) },
      { ...none, firstAt: at(100), lastAt: at(100) },
    ]);
    assert.equal((await loads.since("team_a", at(4))).length, 2);
    await loads.clearTeam("team_a");
    assert.deepEqual(await loads.since("team_a", 0), []);
  });

  test("is written down once, however many yards look", async () => {
    await using database = await open();
    await add(database, "running");
    await Promise.all(Array.from({ length: 4 }, () => lookAtLoads(database, start)));
    await Promise.all(Array.from({ length: 4 }, () => lookAtLoads(database, start + lookMs)));
    const rows = await database.kysely.selectFrom("capsule_loads").selectAll().execute();
    assert.deepEqual(
      rows.map(({ first_at, last_at }) => [first_at, last_at]),
      [[start, start + lookMs]],
    );
    assert.deepEqual(await database.kysely.selectFrom("capsule_load_history").selectAll().execute(), []);
  });
});

const loadsOf = (running: number, firstAt: number, lastAt: number): Loads => ({
  ...{ running, vcpus: 2 * running, memoryMb: 3 * running },
  ...{ firstAt, lastAt },
});

test("buckets hold the most that was found in each, and those without a look are left out", () => {
  const now = start + 300_000;
  const all = [
    loadsOf(9, start - 700_000, start - 400_000),
    loadsOf(1, start - 20_000, start + 40_000),
    loadsOf(2, start + 200_000, start + 200_000),
    loadsOf(5, start + 210_000, start + 290_000),
  ];
  const fine = bucketsOf(all, "5m", now);
  assert.deepEqual(
    fine.slice(0, 3).map(({ at, running }) => [at - start, running]),
    [
      [-1_000, 1],
      [8_000, 1],
      [20_000, 1],
    ],
  );
  assert.equal(fine.length, 5 + 1 + 9);
  const coarse = bucketsOf(all, "1h", now);
  assert.deepEqual(coarse.map(({ running }) => running).slice(-7), [1, 1, 1, 5, 5, 5, 5]);
  const month = bucketsOf(all, "30d", now);
  assert.equal(month.length, 1);
  assert.deepEqual([month[0]?.running, month[0]?.vcpus, month[0]?.memoryMb], [9, 18, 27]);
  assert.deepEqual(peaksOf(all), { running: 9, vcpus: 18, memoryMb: 27 });
  assert.deepEqual(peaksOf([]), { running: 0, vcpus: 0, memoryMb: 0 });
});
