import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect, type TestDatabase } from "../platform/db/testing.ts";
import { newId } from "../platform/ids.ts";
import { createCapsuleBrowser, type WantedCapsules } from "./browse.ts";
import type { Capsule } from "./capsule.ts";
import { createCapsuleStore } from "./store.ts";

const now = 1_000_000_000_000;
const noQuota = { capsules: 0, vcpus: 0, memoryMb: 0 };

/** @param each in order of age, the oldest first */
async function fill(database: TestDatabase, each: readonly Partial<Capsule>[]) {
  const heard: string[] = [];
  const store = createCapsuleStore({
    ...{ database, clock: { now: () => now, monotonic: () => 0 } },
    changed: ({ id }, kind) => void heard.push(`${kind} ${id}`),
  });
  const capsules = each.map(
    (given, age): Capsule => ({
      ...{ id: newId("capsule", now + age), teamId: "team_a", status: "running", template: "minimal" },
      ...{ vcpus: 1, memoryMb: 512, diskMb: 300, idleTimeoutSeconds: 0, hostId: "host_a", keeps: "frozen" },
      ...{ driver: "namespace", createdAt: now, updatedAt: now, ...given },
    }),
  );
  for (const capsule of capsules) await store.insert(capsule, noQuota);
  return { store, heard, ids: capsules.map(({ id }) => id) };
}

eachDialect("capsules that are looked through", (open) => {
  test("are those of the teams that are named, the newest first, without those that are over", async () => {
    await using database = await open();
    const { ids } = await fill(database, [{}, { teamId: "team_b" }, { status: "error" }, {}, { teamId: "team_c" }]);
    const { page } = createCapsuleBrowser(database);
    const found = async (wanted: Partial<WantedCapsules>) => {
      const teamIds = ["team_a", "team_b"];
      const { rows, next } = await page({ teamIds, from: undefined, limit: 9, ...wanted });
      return { at: rows.map(({ id }) => ids.indexOf(id)), next };
    };
    const first = await found({ limit: 2 });
    assert.deepEqual(first.at, [3, 1]);
    assert.deepEqual(await found({ limit: 2, from: first.next }), { at: [0], next: undefined });
    assert.deepEqual((await found({ statuses: ["error"] })).at, [2]);
    assert.deepEqual((await found({ id: ids[1]! })).at, [1]);
    assert.deepEqual((await found({ id: ids[4]! })).at, [], "another team's");
    assert.deepEqual((await found({ matches: ({ teamId }) => teamId === "team_b" })).at, [1]);
    assert.deepEqual((await found({ teamIds: [] })).at, []);
  });

  test("are counted, and those in trouble are named", async () => {
    await using database = await open();
    const { ids } = await fill(database, [
      ...[{}, { status: "paused" as const }, { status: "missing" as const, updatedAt: now - 9 }],
      ...[{ status: "error" as const }, { status: "error" as const, updatedAt: now - 100 }],
    ]);
    const { counts, troubled } = createCapsuleBrowser(database);
    assert.deepEqual(await counts(["team_a"]), { running: 1, paused: 1, missing: 1 });
    assert.deepEqual(await counts([]), {});
    const found = await troubled(["team_a"], now - 50);
    assert.deepEqual(
      found.map(({ id }) => id),
      [ids[3], ids[2]],
    );
    assert.deepEqual(await troubled(["team_b"], 0), []);
  });

  test("are told of when they are made and when their status has changed", async () => {
    await using database = await open();
    const { store, heard, ids } = await fill(database, [{}]);
    await store.move(ids[0]!, "paused");
    await store.move(ids[0]!, "error"); // which it cannot become
    assert.deepEqual(heard, [`added ${ids[0]}`, `changed ${ids[0]}`]);
  });
});
