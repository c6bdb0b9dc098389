import assert from "node:assert/strict";
import { test } from "node:test";
import { openTestDatabase } from "../../platform/db/testing.ts";
import { digestsOf } from "./digest.ts";
import type { AlertEdge } from "./evaluate.ts";
import { createAlertRules } from "./rules.ts";

test("of each rule there is one for what fires and one for what is over, by container, with how many fire after it", async () => {
  await using database = await openTestDatabase("sqlite");
  const clock = { now: () => 1, monotonic: () => 0 };
  const [cpu, memory] = await createAlertRules({ database, clock }).list();
  assert.ok(cpu && memory);
  const edge = (rule: typeof cpu, status: AlertEdge["status"], containerName: string): AlertEdge => ({
    ...{ rule, status, containerName, hostId: "h", message: `${containerName} is ${status}`, value: 1, at: 1 },
  });
  for (const [rule, container_name, is_firing] of [
    [cpu, "web-2", 1],
    [cpu, "web-10", 1],
    [cpu, "old", 0],
    [cpu, "before", 1],
  ] as const) {
    const row = { rule_id: rule.id, host_id: "h", container_name, is_firing, fired_at: 1 };
    await database.kysely.insertInto("alert_states").values(row).execute();
  }
  const edges = [
    ...[edge(cpu, "resolved", "old"), edge(cpu, "fired", "web-10"), edge(memory, "resolved", "db")],
    edge(cpu, "fired", "web-2"),
  ];
  const digests = await database.transaction((transaction) => digestsOf(transaction, edges));
  assert.deepEqual(
    digests.map((one) => [one.rule.id, one.status, one.firing, one.edges.map(({ containerName }) => containerName)]),
    [
      [cpu.id, "fired", 3, ["web-2", "web-10"]],
      [cpu.id, "resolved", 3, ["old"]],
      [memory.id, "resolved", 0, ["db"]],
    ],
  );
  assert.deepEqual(await database.transaction((transaction) => digestsOf(transaction, [])), []);
});
