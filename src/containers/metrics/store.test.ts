import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect } from "../../platform/db/testing.ts";
import { createMetricStore } from "./store.ts";
import type { ContainerUsage } from "./usage.ts";

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
/** The beginning of an hour. */
const start = Date.UTC(2026, 0, 1, 12);

const usage = (cpuPercent: number, bytes: number): ContainerUsage => ({
  ...{ cpuPercent, memoryBytes: bytes, memoryLimitBytes: 1_000, memoryPercent: 1 },
  ...{ receivedBytes: bytes, sentBytes: 1, readBytes: 2, writtenBytes: 3, processes: 1 },
});
const web = { hostId: "h", name: "web" };
const look = (at: number, cpuPercent: number, bytes: number) => ({
  ...{ hostId: "h", at, containers: [{ name: "web", isRunning: true }] },
  usages: new Map([["web", usage(cpuPercent, bytes)]]),
});

eachDialect("what was measured of containers", (open) => {
  test("samples become means of minutes and of hours once their time has passed", async () => {
    await using database = await open();
    const store = createMetricStore({ database });
    for (const [at, cpu, bytes] of [
      [start + 1_000, 10, 100],
      [start + 31_000, 20.5, 201],
      [start + minute + 1_000, 90, 300],
      [start + hour + 1_000, 1, 400],
    ] as const)
      await store.add(look(at, cpu, bytes));
    await store.condense(start + minute + 2_000);
    const all = { from: start, to: start + day };
    const ofMinute = { at: start, cpuPercent: 15.25, memoryBytes: 151, memoryLimitBytes: 1_000, receivedBytes: 201 };
    const [mean, ...others] = await store.read(web, { ...all, resolution: "1m" });
    assert.deepEqual({ ...mean }, { ...ofMinute, sentBytes: 1, readBytes: 2, writtenBytes: 3 });
    assert.deepEqual(others, []);
    assert.deepEqual(await store.read(web, { ...all, resolution: "1h" }), []);

    await store.condense(start + hour + 2_000);
    await store.condense(start + hour + 2_000);
    const minutes = await store.read(web, { ...all, resolution: "1m" });
    assert.deepEqual(
      minutes.map(({ at }) => at - start),
      [0, minute],
    );
    const [ofHour] = await store.read(web, { ...all, resolution: "1h" });
    assert.equal(ofHour?.at, start);
    assert.equal(ofHour?.cpuPercent, (15.25 + 90) / 2);
    assert.equal((await store.read(web, { from: start + 2_000, to: start + hour, resolution: "raw" })).length, 2);
  });

  test("each resolution is forgotten at its time, and hosts that are no more at once", async () => {
    await using database = await open();
    const store = createMetricStore({ database });
    await store.add(look(start, 1, 1));
    await store.condense(start + hour);
    const lengths = async () => {
      const all = { from: 0, to: start + day };
      const found = [];
      for (const resolution of ["raw", "1m", "1h"] as const)
        found.push((await store.read(web, { ...all, resolution })).length);
      return found;
    };
    assert.deepEqual(await lengths(), [1, 1, 1]);
    await store.prune(start + 5 * hour, ["h"]);
    assert.deepEqual(await lengths(), [1, 1, 1]);
    await store.prune(start + 7 * hour, ["h"]);
    assert.deepEqual(await lengths(), [0, 1, 1]);
    await store.prune(start + 4 * day, ["h"]);
    assert.deepEqual(await lengths(), [0, 0, 1]);
    await store.prune(start + 91 * day, ["other"]);
    assert.deepEqual(await lengths(), [0, 0, 0]);
    assert.deepEqual(await database.kysely.selectFrom("container_states").selectAll().execute(), []);
  });

  test("of what runs only changes are written down, and what is gone is forgotten", async () => {
    await using database = await open();
    const store = createMetricStore({ database });
    const see = (at: number, ...containers: [name: string, isRunning: boolean][]) =>
      store.add({
        ...{ hostId: "h", at, usages: new Map() },
        containers: containers.map(([name, isRunning]) => ({ name, isRunning })),
      });
    const states = async () =>
      (await database.kysely.selectFrom("container_states").selectAll().orderBy("container_name").execute()).map(
        (row) => [row.container_name, row.is_running, row.has_run, row.since],
      );
    await see(1, ["a", true], ["b", false]);
    await see(2, ["a", true], ["b", false]);
    assert.deepEqual(await states(), [
      ["a", 1, 1, 1],
      ["b", 0, 0, 1],
    ]);
    await see(3, ["a", false]);
    assert.deepEqual(await states(), [["a", 0, 1, 3]]);
    await see(4, ["a", true]);
    await see(5, ["a", false]);
    assert.deepEqual(await states(), [["a", 0, 1, 5]]);
  });
});
