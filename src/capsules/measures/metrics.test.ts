import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { until } from "../../platform/testing/until.ts";
import { openTestCapsules, scope, skipWithoutNamespaces, type TestCapsules } from "../testing.ts";

async function start({ capsules }: TestCapsules, id: string, command: string, tag: string): Promise<void> {
  const { commands } = await capsules.enter(scope.teamId, id);
  await commands.start({ command: "sh", args: ["-c", command] }, { tag });
}

describe("the metrics of a capsule", { skip: skipWithoutNamespaces, timeout: 120_000 }, () => {
  test("show what it uses, stay while it is paused and no yard is there, go on, and go with it", async () => {
    await using test = await openTestCapsules();
    const { id } = await test.capsules.create(scope, {});
    const read = () => test.capsules.measures.ofCapsule(scope.teamId, id, "5m");
    await until(async () => (await read()).length >= 3);
    await start(test, id, "head -c 3000000 /dev/zero > /root/file; while :; do :; done", "burner");
    const burning = await until(async () => (await read()).find(({ cpuPercent }) => cpuPercent > 20));
    assert.ok(burning.cpuPercent <= 100);
    await until(async () => (await read()).at(-1)!.diskBytes >= 3_000_000);
    assert.ok(burning.memoryBytes > 100_000);

    await test.capsules.pause(scope, id);
    const paused = await read();
    assert.ok(paused.length > 3);
    await test.restart();
    assert.deepEqual(await read(), paused);
    const times = paused.map(({ at }) => at);
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );

    await test.capsules.resume(scope, id);
    await until(async () => (await read()).length > paused.length);
    await test.restart(); // a yard that ends properly forgets nothing
    assert.ok((await read()).length >= paused.length);

    await test.capsules.destroy(scope, id);
    await assert.rejects(read(), { code: "not_found" });
    assert.deepEqual(await test.database.kysely.selectFrom("capsule_metrics").select("capsule_id").execute(), []);
  });
});
