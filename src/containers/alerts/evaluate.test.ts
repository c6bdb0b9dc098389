import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect, type TestDatabase } from "../../platform/db/testing.ts";
import { createMetricStore } from "../metrics/store.ts";
import { evaluate } from "./evaluate.ts";
import type { AlertRuleInput } from "./rule.ts";
import { createAlertRules } from "./rules.ts";

const sampleMs = 30_000;
const start = Date.UTC(2026, 0, 1);
const usual: AlertRuleInput = {
  ...{
    name: "hot",
    containerFilter: "web*",
    metric: "cpu_percent",
    operator: "gt",
    threshold: 50,
    severity: "warning",
  },
  ...{ durationSeconds: 60, cooldownSeconds: 600, channelIds: [], isEnabled: true },
};

/** Samples of one container at a time, and what the rules make of them. Time is counted in samples. */
async function openScene(open: () => Promise<TestDatabase>, ...rules: Partial<AlertRuleInput>[]) {
  const database = await open();
  const clock = { now: () => start, monotonic: () => 0 };
  const store = createMetricStore({ database });
  const all = createAlertRules({ database, clock });
  for (const { id, ...rule } of await all.list()) await all.update(id, { ...rule, isEnabled: false });
  const ids: number[] = [];
  for (const rule of rules) ids.push((await all.create({ ...usual, ...rule })).id);
  const timeOf = (count: number) => start + count * sampleMs;
  return {
    ...{ database, ids, rules: all },
    /** @param cpuPercent undefined: it does not run; null: there is none */
    async see(count: number, cpuPercent: number | undefined | null, name = "web") {
      const usage = {
        ...{ cpuPercent: cpuPercent ?? 0, memoryBytes: 40, memoryLimitBytes: 50, memoryPercent: 80 },
        ...{ receivedBytes: 0, sentBytes: 0, readBytes: 0, writtenBytes: 0, processes: 1 },
      };
      const isRunning = typeof cpuPercent === "number";
      await store.add({
        ...{ hostId: "h", at: timeOf(count), usages: new Map(isRunning ? [[name, usage]] : []) },
        containers: cpuPercent === null ? [] : [{ name, isRunning }],
      });
    },
    /** What has changed, a moment after that sample. */
    async judge(count: number) {
      const moment = { now: timeOf(count) + 1, sampleMs, hostName: () => "Local" };
      const edges = await database.transaction((transaction) => evaluate(transaction, moment), { exclusive: "alerts" });
      return edges.map(({ status, containerName, rule }) => `${rule.name} ${status} ${containerName}`);
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

eachDialect("alert rules", (open) => {
  test("one fires once it has been so for its time, and resolves when it is so no more: each once", async () => {
    await using scene = await openScene(open, {});
    const heard: string[][] = [];
    for (const [count, cpu] of [80, 80, 80, 90, 10, 10].entries()) {
      await scene.see(count, cpu);
      heard.push(await scene.judge(count));
      heard.push(await scene.judge(count)); // another yard
    }
    assert.deepEqual(heard.flat(), ["hot fired web", "hot resolved web"]);
    assert.deepEqual(heard[4], ["hot fired web"]);
    assert.deepEqual(heard[8], ["hot resolved web"]);
    const history = await scene.database.kysely.selectFrom("alert_history").selectAll().orderBy("id").execute();
    assert.deepEqual(
      history.map(({ status, message, value, threshold }) => ({ status, message, value, threshold })),
      [
        { status: "fired", message: "web on Local: CPU is at 80 %, above 50 % for 60 s.", value: 80, threshold: 50 },
        { status: "resolved", message: "web on Local: CPU is at 10 % again.", value: 10, threshold: 50 },
      ],
    );
  });

  test("a break begins the time anew, be it a calm sample or none", async () => {
    await using scene = await openScene(open, {});
    const heard: string[] = [];
    for (const [count, cpu] of [
      [0, 80],
      [1, 10],
      [2, 80],
      [3, 80],
      [10, 80],
      [11, 80],
    ] as const) {
      await scene.see(count, cpu);
      heard.push(...(await scene.judge(count)));
    }
    assert.deepEqual(heard, []);
    await scene.see(12, 80);
    assert.deepEqual(await scene.judge(12), ["hot fired web"]);
  });

  test("it does not fire again before its rest is over", async () => {
    await using scene = await openScene(open, { durationSeconds: 0, cooldownSeconds: 300 });
    const heard: string[] = [];
    for (const [count, cpu] of [80, 10, 80, 80, 80, 80, 80, 80, 80, 80, 80].entries()) {
      await scene.see(count, cpu);
      for (const edge of await scene.judge(count)) heard.push(`${count} ${edge}`);
    }
    assert.deepEqual(heard, ["0 hot fired web", "1 hot resolved web", "10 hot fired web"]);
  });

  test("nothing changes while nobody knows, and what has stopped or is gone is over", async () => {
    await using scene = await openScene(open, { durationSeconds: 0 });
    await scene.see(0, 80);
    assert.deepEqual(await scene.judge(0), ["hot fired web"]);
    assert.deepEqual(await scene.judge(20), [], "its host is away");
    await scene.see(21, undefined);
    assert.deepEqual(await scene.judge(21), ["hot resolved web"]);

    await using another = await openScene(open, { durationSeconds: 0 });
    await another.see(0, 80);
    await another.judge(0);
    await another.see(1, null);
    assert.deepEqual(await another.judge(1), ["hot resolved web"]);
  });

  test("a rule that is changed, switched off or deleted ends what it has begun", async () => {
    const names = ["changed", "off", "deleted"];
    await using scene = await openScene(open, ...names.map((name) => ({ name, durationSeconds: 0 })));
    await scene.see(0, 80);
    assert.equal((await scene.judge(0)).length, 3);
    const [changed, off, deleted] = scene.ids;
    await scene.rules.update(changed!, { ...usual, name: "changed", containerFilter: "db" });
    await scene.rules.update(off!, { ...usual, name: "off", isEnabled: false });
    await scene.rules.remove(deleted!);
    assert.deepEqual(await scene.judge(1), ["changed resolved web", "off resolved web"]);
  });

  test("a container is down if it has run before, and memory counts against its limit", async () => {
    await using scene = await openScene(
      open,
      { name: "down", metric: "container_down", threshold: 0.5, durationSeconds: 30 },
      { name: "memory", metric: "mem_percent", threshold: 79, durationSeconds: 0 },
    );
    await scene.see(0, undefined, "web-old");
    assert.deepEqual(await scene.judge(9), []);
    await scene.see(10, 1);
    assert.deepEqual(await scene.judge(10), ["memory fired web"]);
    await scene.see(11, undefined);
    assert.deepEqual(await scene.judge(11), ["memory resolved web"]);
    assert.deepEqual(await scene.judge(12), ["down fired web"]);
    await scene.see(13, 1);
    assert.deepEqual(await scene.judge(13), ["down resolved web"]);
  });

  test("a rule tells since when it fires, and when it last did", async () => {
    await using scene = await openScene(open, { durationSeconds: 0 });
    const rule = async () => (await scene.rules.list()).find(({ id }) => id === scene.ids[0])!;
    assert.equal((await rule()).firingSince, undefined);
    await scene.see(0, 80);
    await scene.judge(0);
    assert.equal((await rule()).firingSince, start + 1);
    assert.equal((await rule()).lastFiredAt, start + 1);
    await scene.see(1, 10);
    await scene.judge(1);
    assert.equal((await rule()).firingSince, undefined);
    assert.equal((await rule()).lastResolvedAt, start + sampleMs + 1);
  });

  test("those that the yard came with can be changed, and not deleted", async () => {
    await using scene = await openScene(open);
    const rules = await scene.rules.list();
    assert.equal(rules.length, 4);
    assert.ok(rules.every(({ isBuiltIn }) => isBuiltIn));
    await assert.rejects(scene.rules.remove(rules[0]!.id), { code: "conflict" });
    await assert.rejects(scene.rules.remove(4_711), { code: "not_found" });
    await assert.rejects(scene.rules.update(4_711, usual), { code: "not_found" });
    assert.equal((await scene.rules.update(rules[0]!.id, { ...usual, threshold: 12.5 })).threshold, 12.5);
  });
});
