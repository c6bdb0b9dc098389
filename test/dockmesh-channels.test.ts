/** Dockmesh's notification channels over HTTP; and a container that is not well, of which people hear. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type AlertNotice, openAlerts } from "../src/containers/alerts/alerts.ts";
import type { AlertRuleInput } from "../src/containers/alerts/rule.ts";
import { openDockerHosts } from "../src/containers/docker-hosts.ts";
import { openContainerMetrics } from "../src/containers/metrics/metrics.ts";
import { failing, startReceiver } from "../src/notifications/testing.ts";
import { startMailServer } from "../src/notifications/testing-mail.ts";
import { systemClock } from "../src/platform/clock.ts";
import { createSecretBox } from "../src/platform/crypto/secret-box.ts";
import { openTestDatabase } from "../src/platform/db/testing.ts";
import { networksOf } from "../src/platform/http/outgoing/addresses.ts";
import { createLog } from "../src/platform/log.ts";
import { until } from "../src/platform/testing/until.ts";
import { openNotificationRoom } from "../src/yard/notifications.ts";
import { skipWithoutDocker } from "./support/docker.ts";
import { useDockmeshYard } from "./support/dockmesh.ts";
import { useTestEngine } from "./support/test-containers.ts";

interface Channel {
  readonly id: number;
  readonly config: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

const path = "/notifications/channels";
const letter = { host: "127.0.0.1", from: "yard@example.org", to: "ann@example.org", security: "none" };

describe("Dockmesh's notification channels", () => {
  const yard = useDockmeshYard({
    ...{ "docker-socket": "/nowhere/docker.sock", "notifications-allow-networks": "127.0.0.1" },
  });
  const list = () => yard.admin.expect<readonly Channel[]>(200, "GET", path);

  test("a channel is made, changed and deleted, and shows no secret", async () => {
    const config = { server_url: "https://gotify.test", token: "the-token" };
    const made = await yard.admin.expect<Channel>(201, "POST", path, { name: "Phones", type: "gotify", config });
    assert.deepEqual(made, {
      ...{ id: made.id, name: "Phones", type: "gotify", enabled: true },
      config: { server_url: "https://gotify.test", has_token: true },
      ...{ created_at: made.created_at, updated_at: made.updated_at },
    });
    const change = { name: "All phones", type: "gotify", config: made.config, enabled: false };
    const changed = await yard.admin.expect<Channel>(200, "PUT", `${path}/${made.id}`, change);
    assert.deepEqual([changed.name, changed.enabled, changed.config], ["All phones", false, made.config]);
    assert.deepEqual(await list(), [changed]);
    const audit = await yard.admin.ask("GET", "/audit?action=notification_channel");
    assert.match(audit.text, /notification_channel\.create.*notification_channel\.update|update.*create/);
    assert.doesNotMatch(audit.text, /the-token/);
    await yard.admin.expect(204, "DELETE", `${path}/${made.id}`);
    await yard.admin.expect(404, "DELETE", `${path}/${made.id}`);
    await yard.admin.expect(404, "PUT", `${path}/${made.id}`, change);
    await yard.admin.expect(404, "POST", `${path}/${made.id}/test`);
    assert.deepEqual(await list(), []);
  });

  test("a test arrives, or what keeps it from that is said", async () => {
    await using mail = await startMailServer();
    await using broken = await startReceiver(failing);
    // As forms send it: the port a number, several addresses a list.
    const config = { ...letter, port: mail.port, to: ["ann@example.org", "bob@example.org"] };
    const { id } = await yard.admin.expect<Channel>(201, "POST", path, { name: "Mail", type: "email", config });
    await yard.admin.expect(204, "POST", `${path}/${id}/test`);
    assert.deepEqual(mail.received[0]?.to, ["ann@example.org", "bob@example.org"]);
    const hook = { name: "Hook", type: "webhook", config: { url: broken.url } };
    await yard.admin.expect(200, "PUT", `${path}/${id}`, hook);
    const { error } = await yard.admin.expect(502, "POST", `${path}/${id}/test`);
    assert.match(error, /status 500/);
    assert.doesNotMatch(error, /a secret of the receiver/);
    await yard.admin.expect(200, "PUT", `${path}/${id}`, { ...hook, config: { url: "http://10.1.2.3/" } });
    assert.match((await yard.admin.expect(502, "POST", `${path}/${id}/test`)).error, /allow-networks/);
    await yard.admin.expect(204, "DELETE", `${path}/${id}`);
  });

  for (const [field, body] of [
    ["type", { name: "x", type: "pigeon", config: {} }],
    ["type", { name: "x", type: "constructor", config: {} }],
    ["name", { name: "", type: "webhook", config: { url: "https://x.test" } }],
    ["config.url", { name: "x", type: "webhook", config: {} }],
    ["config.url", { name: "x", type: "webhook", config: { url: { evil: 1 } } }],
    ["config", { name: "x", type: "webhook", config: "https://x.test" }],
    ["config", { name: "x", type: "webhook" }],
  ] as const)
    test(`one with a wrong ${field} is refused: ${JSON.stringify(body)}`, async () => {
      const { error } = await yard.admin.expect(400, "POST", path, body);
      assert.ok(error.startsWith(field), error);
      assert.deepEqual(await list(), []);
    });

  test("channels are for who manages the yard", async () => {
    const operator = await yard.makeUser("operator");
    for (const [method, where] of [
      ["GET", path],
      ["POST", path],
      ["PUT", `${path}/1`],
      ["DELETE", `${path}/1`],
      ["POST", `${path}/1/test`],
    ] as const) {
      await operator.expect(403, method, where, method === "GET" ? undefined : { name: "x", type: "ntfy", config: {} });
      assert.equal((await yard.ask(method, where)).status, 401);
    }
  });
});

describe("a container that stops", { skip: skipWithoutDocker() }, () => {
  const tested = useTestEngine();

  test("is told of by the channels that the rule names, and so is that it runs again", async () => {
    await using opened = new AsyncDisposableStack();
    const [hook, mail] = [opened.use(await startReceiver()), opened.use(await startMailServer())];
    const database = opened.use(await openTestDatabase("sqlite"));
    const log = createLog({ level: "silent" });
    const parts = { database, clock: systemClock, log };
    const room = opened.use(
      openNotificationRoom({
        ...{ ...parts, secrets: createSecretBox(Buffer.alloc(32)) },
        config: { notifications: { allowNetworks: networksOf(["127.0.0.1"]), telegramUrl: "https://telegram.test" } },
      }),
    );
    const host = { id: "local", name: "Local", isLocal: true, tags: [], isOnline: true };
    const hosts = opened.use(openDockerHosts(() => [{ ...host, engine: { socketPaths: [tested.docker.socketPath] } }]));
    opened.use(openContainerMetrics({ ...parts, hosts, sampleMs: 200 }));
    const notices: AlertNotice[] = [];
    const alerts = opened.use(
      openAlerts({
        ...{ ...parts, hosts, sampleMs: 2_000, evaluateMs: 200, keep: room.keepAlerts },
        tell: (notice) => void notices.push(notice),
      }),
    );
    const webhook = await room.fleetChannels.create({ name: "hook", type: "webhook", config: { url: hook.url } });
    const email = await room.fleetChannels.create({
      ...({ name: "mail", type: "email" } as const),
      config: { ...letter, port: String(mail.port) },
    });
    const rule: AlertRuleInput = {
      ...{ name: "web is down", containerFilter: "web", metric: "container_down", operator: "gt", threshold: 0.5 },
      ...{ durationSeconds: 0, cooldownSeconds: 0, severity: "critical", isEnabled: true },
      channelIds: [webhook.number, email.number, 4711],
    };
    const { id: ruleId } = await alerts.rules.create(rule);

    await tested.containers.run("web", ["sleep", "1000"]);
    const client = <T>(work: (container: { kill(): Promise<T>; start(): Promise<T> }) => Promise<T>) =>
      tested.containers.engine.call("change web", (engine) => work(engine.getContainer("web")));
    const isSeen = async () =>
      (await database.kysely.selectFrom("container_states").select("has_run").where("has_run", "=", 1).execute())
        .length;
    await until(isSeen, { what: "it has been seen running" });
    await client((container) => container.kill());
    await until(() => hook.received.length === 1 && mail.received.length === 1, {
      what: "both are told",
      timeoutMs: 20_000,
    });
    const { timestamp, ...fired } = JSON.parse(hook.received[0]!.body);
    assert.deepEqual(fired, {
      ...{ event: "alert.fired", severity: "critical", message: "web on Local does not run." },
      alert: {
        ...{ rule_id: ruleId, rule_name: "web is down", metric: "container_down", threshold: 0.5, firing: 1 },
        ...{ value: 1, container_name: "web", host_id: "local" },
      },
    });
    assert.ok(Math.abs(Date.parse(timestamp) - Date.now()) < 60_000);
    assert.match(mail.received[0]!.text, /Subject: critical: web is down\r\n/);
    await client((container) => container.start());
    await until(() => hook.received.length === 2 && mail.received.length === 2, {
      what: "and again",
      timeoutMs: 20_000,
    });
    assert.equal(JSON.parse(hook.received[1]!.body).event, "alert.resolved");
    assert.match(mail.received[1]!.text, /Subject: resolved: web is down\r\n/);
    assert.deepEqual(
      notices.map(({ status }) => status),
      ["fired", "resolved"],
    );
    await tested.containers.remove("web");
  });
});
