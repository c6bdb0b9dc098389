/** Metrics and alerts together, on a real engine. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { skipWithoutDocker } from "../../../test/support/docker.ts";
import { useTestEngine } from "../../../test/support/test-containers.ts";
import { systemClock } from "../../platform/clock.ts";
import { openTestDatabase } from "../../platform/db/testing.ts";
import { until } from "../../platform/testing/until.ts";
import { everywhere, openDockerHosts } from "../docker-hosts.ts";
import { openContainerMetrics } from "../metrics/metrics.ts";
import { type AlertNotice, openAlerts } from "./alerts.ts";
import type { AlertRuleInput } from "./rule.ts";

describe("what containers use", { skip: skipWithoutDocker() }, () => {
  const tested = useTestEngine();

  async function openWatch() {
    await using opened = new AsyncDisposableStack();
    const database = opened.use(await openTestDatabase("sqlite"));
    const host = { id: "h", name: "here", isLocal: true, tags: [], isOnline: true };
    const away = { ...host, id: "a", name: "away", isLocal: false, engine: { socketPaths: ["/nowhere/docker.sock"] } };
    const hosts = opened.use(
      openDockerHosts(() => [{ ...host, engine: { socketPaths: [tested.docker.socketPath] } }, away]),
    );
    const notices: AlertNotice[] = [];
    const kept: AlertNotice[] = [];
    const complaints: unknown[] = [];
    const parts = {
      database,
      hosts,
      clock: systemClock,
      sampleMs: 300,
      log: { warn: (...all: unknown[]) => complaints.push(all) },
    };
    const metrics = opened.use(openContainerMetrics(parts));
    const alerts = opened.use(
      openAlerts({
        ...{ ...parts, sampleMs: 3_000, evaluateMs: 300, tell: (notice) => notices.push(notice) },
        keep: async (_transaction, digests) => void kept.push(...digests.flatMap(({ edges }) => edges)),
      }),
    );
    const lifetime = opened.move();
    return {
      ...{ metrics, alerts, notices, kept, complaints, host: hosts.get(undefined, everywhere) },
      [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
    };
  }

  test("is remembered by name, and told of when a rule says so", async () => {
    await using watch = await openWatch();
    const { metrics, alerts, notices, host } = watch;
    const rule: Omit<AlertRuleInput, "name" | "metric" | "threshold" | "durationSeconds"> = {
      ...{ containerFilter: "hot*", operator: "gt", cooldownSeconds: 0, severity: "critical" },
      ...{ channelIds: [3], isEnabled: true },
    };
    const now = () => ({ from: Date.now() - 60_000, to: Date.now(), resolution: "raw" }) as const;
    await alerts.rules.create({ ...rule, name: "hot", metric: "cpu_percent", threshold: 5, durationSeconds: 1 });
    await alerts.rules.create({ ...rule, name: "down", metric: "container_down", threshold: 0.5, durationSeconds: 0 });
    const muted = { ...rule, name: "muted", metric: "mem_percent", threshold: 0.001, durationSeconds: 0 } as const;
    await alerts.rules.create({ ...muted, mutedUntil: Date.now() + 60_000 });

    const limits = { HostConfig: { Memory: 32 * 1024 * 1024 } };
    const id = await tested.containers.run("hot-one", ["sh", "-c", "while :; do :; done"], limits);
    await tested.containers.run("cold", ["sleep", "1000"]);
    const fired = await until(() => notices.find(({ status }) => status === "fired"), { what: "the rule fires" });
    assert.deepEqual([fired.rule.name, fired.containerName, fired.rule.channelIds], ["hot", "hot-one", [3]]);
    assert.match(fired.message, /^hot-one on here: CPU is at [\d.]+ %, above 5 % for 1 s\.$/);
    const points = await metrics.of(host, id.slice(0, 12), now());
    assert.ok(points.length >= 2 && points.every(({ cpuPercent }) => cpuPercent > 0));
    assert.equal(points[0]?.memoryLimitBytes, 32 * 1024 * 1024);

    await tested.containers.engine.call("stop", (client) => client.getContainer("hot-one").kill());
    await until(() => notices.find(({ status }) => status === "resolved"), { what: "it resolves" });
    const down = await until(() => notices.find(({ rule: { name } }) => name === "down"), { what: "it is down" });
    assert.equal(down.message, "hot-one on here does not run.");
    await tested.containers.remove("hot-one");
    await until(() => notices.length === 4, { what: "that is over, too" });
    assert.ok((await metrics.of(host, "hot-one", now())).length >= points.length, "its past is still known");

    const told = await alerts.history(everywhere, 100);
    const ofRules = told.map(({ ruleName, status }) => `${ruleName} ${status}`);
    for (const entry of ["hot fired", "hot resolved", "down fired", "down resolved", "muted fired"])
      assert.ok(ofRules.includes(entry), entry);
    assert.deepEqual(await alerts.history({ hostTags: ["prod"] }, 100), []);
    assert.ok(notices.every(({ rule: { name } }) => name !== "muted"));
    await assert.rejects(metrics.of(host, "nobody", now()), { code: "not_found" });
    await assert.rejects(metrics.of(host, "../info", now()), { code: "not_found" });
    assert.deepEqual(watch.kept, notices);
    assert.deepEqual(watch.complaints, []);
  });
});
