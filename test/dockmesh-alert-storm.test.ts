/** Very much goes wrong at once: people are told of it once, of all of it, and by a yard that was killed in between as well. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openAlerts } from "../src/containers/alerts/alerts.ts";
import { openDockerHosts } from "../src/containers/docker-hosts.ts";
import { createMetricStore } from "../src/containers/metrics/store.ts";
import { startReceiver } from "../src/notifications/testing.ts";
import { systemClock } from "../src/platform/clock.ts";
import { createSecretBox } from "../src/platform/crypto/secret-box.ts";
import { eachDialect } from "../src/platform/db/testing.ts";
import { networksOf } from "../src/platform/http/outgoing/addresses.ts";
import { createLog } from "../src/platform/log.ts";
import { until } from "../src/platform/testing/until.ts";
import { openNotificationRoom } from "../src/yard/notifications.ts";

const count = 200;
const host = { id: "local", name: "Local", isLocal: true, tags: [], isOnline: true };

eachDialect("200 containers that die at once", (open) => {
  test("are one message to each channel, in order, whoever has to send it", { timeout: 60_000 }, async () => {
    await using opened = new AsyncDisposableStack();
    const [pager, hook] = [opened.use(await startReceiver()), opened.use(await startReceiver())];
    const database = opened.use(await open());
    const parts = { database, clock: systemClock, log: createLog({ level: "silent" }) };
    const openRoom = () =>
      openNotificationRoom({
        ...{ ...parts, secrets: createSecretBox(Buffer.alloc(32)) },
        config: { notifications: { allowNetworks: networksOf(["127.0.0.1"]), telegramUrl: "https://telegram.test" } },
      });
    const dead = openRoom(); // keeps what is to be told, and sends nothing of it
    await dead[Symbol.asyncDispose]();
    const channels = [
      await dead.fleetChannels.create({ name: "hook", type: "webhook", config: { url: hook.url } }),
      await dead.fleetChannels.create({
        name: "pager",
        type: "pagerduty",
        config: { url: pager.url, routing_key: "k" },
      }),
    ];
    const hosts = opened.use(openDockerHosts(() => [{ ...host, engine: { socketPaths: ["/nowhere/docker.sock"] } }]));
    const told: string[] = [];
    const alerts = opened.use(
      openAlerts({
        ...{ ...parts, hosts, evaluateMs: 50, keep: dead.keepAlerts },
        tell: ({ status, containerName }) => void told.push(`${containerName} ${status}`),
      }),
    );
    const { id: ruleId } = await alerts.rules.create({
      ...{ name: "web is down", containerFilter: "web-*", metric: "container_down", operator: "gt", threshold: 0.5 },
      ...{ durationSeconds: 0, cooldownSeconds: 0, severity: "critical", isEnabled: true },
      channelIds: channels.map(({ number }) => number),
    });
    const store = createMetricStore({ database });
    const see = (running: number) =>
      store.add({
        ...{ hostId: host.id, at: Date.now(), usages: new Map() },
        containers: Array.from({ length: count }, (_, i) => ({ name: `web-${i + 1}`, isRunning: i < running })),
      });
    await see(count);
    await see(0);
    await until(() => told.length === count, { what: "all have fired" });

    opened.use(openRoom());
    await until(() => hook.received.length === 1 && pager.received.length === 1, { what: "both are told" });
    await see(150);
    await until(() => hook.received.length === 2 && pager.received.length === 2, { what: "that most run again" });
    await see(count);
    await until(() => hook.received.length === 3 && pager.received.length === 3, { what: "that all do" });

    const [fired, most, all] = hook.received.map(({ body }) => JSON.parse(body));
    assert.deepEqual([fired.event, most.event, all.event], ["alert.fired", "alert.resolved", "alert.resolved"]);
    assert.match(fired.message, /^200 containers: web-1 on Local does not run\. web-2 on .* And 190 more\.$/);
    const { containers, ...facts } = fired.alert;
    assert.deepEqual(facts, {
      ...{ rule_id: ruleId, rule_name: "web is down", metric: "container_down", threshold: 0.5 },
      ...{ firing: count, container_count: count },
    });
    assert.equal(containers.length, 100);
    assert.deepEqual(containers[1], { value: 1, container_name: "web-2", host_id: "local" });
    assert.deepEqual([most.alert.container_count, most.alert.firing], [150, 50]);
    assert.deepEqual([all.alert.container_count, all.alert.firing], [50, 0]);

    const incidents = pager.received.map(({ body }) => JSON.parse(body));
    assert.deepEqual(
      incidents.map(({ event_action }) => event_action),
      ["trigger", "trigger", "resolve"],
    );
    assert.equal(new Set(incidents.map(({ dedup_key }) => dedup_key)).size, 1);
    assert.equal(told.length, 2 * count, "whoever watches is told of each");
  });
});
