/** Dockmesh's alert rules, metrics and system pages over HTTP, where no engine is needed. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { useDockmeshYard } from "./support/dockmesh.ts";

interface Rule {
  readonly id: number;
  readonly name: string;
  readonly enabled: boolean;
  readonly builtin: boolean;
  readonly [field: string]: unknown;
}

const cpu = { name: "hot", container_filter: "web*", metric: "cpu_percent", operator: "gt", threshold: 80.5 };

describe("Dockmesh's alerts", () => {
  const yard = useDockmeshYard({ "docker-socket": "/nowhere/docker.sock" });

  test("a new yard has four rules, which can be changed, and not deleted", async () => {
    const rules = await yard.admin.expect<readonly Rule[]>(200, "GET", "/alerts/rules");
    assert.equal(rules.length, 4);
    assert.ok(rules.every(({ builtin, enabled }) => builtin && enabled));
    const path = `/alerts/rules/${rules[0]!.id}`;
    await yard.admin.expect(409, "DELETE", path);
    const changed = await yard.admin.expect<Rule>(200, "PUT", path, { ...cpu, enabled: false });
    assert.deepEqual([changed.id, changed.name, changed.enabled, changed.builtin], [rules[0]!.id, "hot", false, true]);
  });

  test("a rule is made with what is usual where nothing is said, replaced, and deleted", async () => {
    const made = await yard.admin.expect<Rule>(201, "POST", "/alerts/rules", { ...cpu, operator: ">", unknown: 1 });
    assert.deepEqual(made, {
      ...{ ...cpu, id: made.id, duration_seconds: 0, cooldown_seconds: 300, channel_ids: [] },
      ...{ severity: "warning", enabled: true, builtin: false },
    });
    const path = `/alerts/rules/${made.id}`;
    const muted_until = "2030-01-02T03:04:05.000Z";
    const wanted = { ...cpu, operator: "<", channel_ids: [3, 3, 1], severity: "critical", muted_until };
    const changed = await yard.admin.expect<Rule>(200, "PUT", path, wanted);
    assert.deepEqual([changed.operator, changed.channel_ids, changed.muted_until], ["lt", [3, 1], muted_until]);
    const spoken = await yard.admin.expect<Rule>(200, "PUT", path, cpu);
    assert.equal(spoken.muted_until, undefined);
    await yard.admin.expect(204, "DELETE", path);
    await yard.admin.expect(404, "DELETE", path);
    await yard.admin.expect(404, "PUT", path, cpu);
    await yard.admin.expect(400, "PUT", "/alerts/rules/one", cpu);
  });

  for (const [what, change] of [
    ["no filter", { container_filter: undefined }],
    ["an empty filter", { container_filter: "" }],
    ["no name", { name: undefined }],
    ["a threshold of 0", { threshold: 0 }],
    ["a threshold that is no number", { threshold: "80" }],
    ["an unknown metric", { metric: "disk" }],
    ["an unknown operator", { operator: "eq" }],
    ["an unknown severity", { severity: "dire" }],
    ["a negative duration", { duration_seconds: -1 }],
    ["no time to be muted until", { muted_until: "soon" }],
  ] as const) {
    test(`a rule with ${what} is refused, and nothing is kept of it`, async () => {
      const { error } = await yard.admin.expect<{ error: string }>(400, "POST", "/alerts/rules", { ...cpu, ...change });
      assert.ok(error.startsWith(Object.keys(change)[0]!), error);
      const rules = await yard.admin.expect<readonly Rule[]>(200, "GET", "/alerts/rules");
      assert.equal(rules.filter(({ builtin }) => !builtin).length, 0);
    });
  }

  test("rules and what they have told are for who manages the yard", async () => {
    const viewer = await yard.makeUser("viewer");
    for (const [method, path] of [
      ["GET", "/alerts/rules"],
      ["POST", "/alerts/rules"],
      ["PUT", "/alerts/rules/1"],
      ["DELETE", "/alerts/rules/1"],
      ["GET", "/alerts/history"],
    ] as const) {
      await viewer.expect(403, method, path, method === "GET" ? undefined : cpu);
      assert.equal((await yard.ask(method, path)).status, 401);
    }
    for (const limit of ["", "?limit=5", "?limit=0", "?limit=100000"])
      assert.deepEqual(await yard.admin.expect(200, "GET", `/alerts/history${limit}`), []);
  });

  test("the pages about the system answer, to those who may look", async () => {
    const viewer = await yard.makeUser("viewer");
    const info = await viewer.expect(200, "GET", "/system/info");
    assert.equal(info.os, process.platform);
    const use = await viewer.expect<Record<string, number>>(200, "GET", "/system/metrics");
    assert.ok(use.mem_total! > use.mem_used! && use.cpu_cores! > 0 && use.cpu_percent! <= 100, JSON.stringify(use));
    assert.ok(use.uptime_seconds! > 0 && use.disk_total! >= use.disk_used!);
    const all = await viewer.expect<{ items: Record<string, unknown>[]; unreachable_hosts: unknown[] }>(
      ...([200, "GET", "/system/metrics?host=all"] as const),
    );
    assert.deepEqual(
      all.items.map(({ host_id, host_name }) => [host_id, host_name]),
      [["local", "Local"]],
    );
    assert.deepEqual(all.unreachable_hosts, []);
    await viewer.expect(503, "GET", "/system/metrics?host=elsewhere");
    const health = await viewer.expect<{ overall: string; checks: { name: string; status: string }[] }>(
      ...([200, "GET", "/system/health"] as const),
    );
    const statuses = Object.fromEntries(health.checks.map(({ name, status }) => [name, status]));
    assert.deepEqual([statuses.database, statuses.docker, statuses.backups], ["ok", "fail", "off"]);
    assert.equal(health.overall, "fail");
    assert.deepEqual(await viewer.expect(200, "GET", "/system/backup-status"), { enabled: false });
    assert.equal((await viewer.expect(200, "GET", "/system/update-status")).update_available, false);
  });

  test("scope holds for machines as for everything else", async () => {
    const scoped = await yard.makeUser("viewer", ["prod"]);
    await scoped.expect(403, "GET", "/system/metrics");
    assert.deepEqual(await scoped.expect(200, "GET", "/system/metrics?host=all"), { items: [], unreachable_hosts: [] });
    await scoped.expect(403, "GET", "/containers/web/metrics");
    await yard.admin.expect(503, "GET", "/containers/web/metrics");
    await yard.admin.expect(400, "GET", "/containers/web/metrics?resolution=5m");
    await yard.admin.expect(400, "GET", "/containers/web/metrics?from=20&to=10");
  });
});
