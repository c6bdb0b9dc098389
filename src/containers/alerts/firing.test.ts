import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect } from "../../platform/db/testing.ts";
import { createFiringAlerts } from "./firing.ts";
import { createAlertRules } from "./rules.ts";

eachDialect("alerts that fire", (open) => {
  test("are told with their rule, the latest first, of the hosts that are asked for", async () => {
    await using database = await open();
    const rules = createAlertRules({ database, clock: { now: () => 1, monotonic: () => 0 } });
    const [rule] = await rules.list();
    assert.ok(rule);
    const state = (host_id: string, container_name: string, fired_at: number, is_firing = 1) =>
      ({ rule_id: rule.id, host_id, container_name, fired_at, is_firing }) as const;
    await database.kysely
      .insertInto("alert_states")
      .values([state("host_a", "web", 5), state("host_b", "db", 7), state("host_a", "quiet", 9, 0)])
      .execute();
    const { list } = createFiringAlerts(database);
    const about = { ruleId: rule.id, ruleName: rule.name, severity: rule.severity };
    const [web, db] = [
      { ...about, hostId: "host_a", containerName: "web", since: 5 },
      { ...about, hostId: "host_b", containerName: "db", since: 7 },
    ];
    assert.deepEqual(await list(), [db, web]);
    assert.deepEqual(await list(["host_a"]), [web]);
    assert.deepEqual(await list([]), []);
  });
});
