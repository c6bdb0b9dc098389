import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { systemClock } from "../../platform/clock.ts";
import { networksOf } from "../../platform/http/outgoing/addresses.ts";
import type { AnyDocument, AnyProvider, ChannelConfig, ChannelProvider, EventDocument } from "../channel.ts";
import { createSend } from "../send.ts";
import { alarm, allClear, startReceiver } from "../testing.ts";
import { createProviders } from "./all.ts";

const event: EventDocument = {
  ...{ event: "capsule.paused", timestamp: "2030-01-02T03:04:05Z", team_id: "team-1" },
  actor: { type: "api_key", id: "key-1", name: "<users/all>\n@everyone *&*" },
  resource: { id: "cl-1", type: "sandbox" },
};
const message = { eventId: "event_1", event, json: JSON.stringify(event) };

const lines = (actor: string) => [
  "Capsule cl-1 was paused",
  "",
  "Event: capsule.paused",
  "Resource: sandbox cl-1",
  `Actor: api_key ${actor} (key-1)`,
  "Team: team-1",
  "Time: 2030-01-02T03:04:05Z",
];
const plain = lines("<users/all> @everyone *&*").join("\n");
const guid = "01234567-89ab-cdef-0123-456789abcdef";

/** Sends it to a receiver on this machine, to which every name leads. */
async function sent(
  provider: AnyProvider,
  config: (origin: string, port: number) => ChannelConfig,
  told: AnyDocument = event,
) {
  await using receiver = await startReceiver();
  const providers = createProviders({ telegramUrl: receiver.url });
  const resolve = async () => [{ address: "127.0.0.1", family: 4 }];
  const send = createSend({ providers, allowNetworks: networksOf(["127.0.0.1"]), clock: systemClock, resolve });
  const { signal } = new AbortController();
  const whole = { ...message, event: told, json: JSON.stringify(told) };
  await send({ provider, config: config(receiver.url, receiver.port), message: whole, signal });
  const [{ method, path, headers, body } = assert.fail(), ...more] = receiver.received;
  assert.deepEqual(more, []);
  assert.match(headers["user-agent"] ?? "", /^Runyard\//);
  return { method, path, headers, authorization: headers.authorization, body: JSON.parse(body) };
}

describe("a message goes", () => {
  test("to Discord, where a name calls nobody", async () => {
    const path = "/api/webhooks/123/a-b_c";
    const { method, path: asked, body } = await sent("discord", (origin) => ({ webhook_url: origin + path }));
    assert.deepEqual([method, asked], ["POST", path]);
    assert.deepEqual(body, { content: plain, allowed_mentions: { parse: [] } });
  });

  test("to Slack, where a name is no link", async () => {
    const path = "/services/T0/B0/abc";
    const { method, path: asked, body } = await sent("slack", (origin) => ({ webhook_url: origin + path }));
    assert.deepEqual([method, asked], ["POST", path]);
    assert.deepEqual(body, { text: lines("&lt;users/all&gt; @everyone *&amp;*").join("\n") });
  });

  test("to Teams, where a name is no mark-up", async () => {
    const path = `/webhookb2/${guid}@${guid}/IncomingWebhook/${"0f".repeat(16)}/${guid}`;
    const { method, path: asked, body } = await sent("teams", (origin) => ({ webhook_url: origin + path }));
    assert.deepEqual([method, asked], ["POST", path]);
    const shown = lines("\\<users/all\\> @everyone \\*&\\*").map((line) => line.replace("api_key", "api\\_key"));
    assert.deepEqual(body, { text: shown.filter((line) => line !== "").join("\n\n") });
  });

  test("to Google Chat, where a name calls nobody", async () => {
    const path = "/v1/spaces/A/messages?key=k&token=t";
    const {
      method,
      path: asked,
      body,
    } = await sent("googlechat", (_origin, port) => ({
      webhook_url: `http://chat.googleapis.com:${port}${path}`,
    }));
    assert.deepEqual([method, asked], ["POST", path]);
    assert.deepEqual(body, { text: lines("‹users/all› @everyone *&*").join("\n") });
  });

  test("to Telegram, through the server that was set", async () => {
    const { method, path, body } = await sent("telegram", () => ({ bot_token: "12:a/b", chat_id: "-100" }));
    assert.deepEqual([method, path], ["POST", "/bot12:a%2Fb/sendMessage"]);
    assert.deepEqual(body, { chat_id: "-100", text: plain, link_preview_options: { is_disabled: true } });
  });

  test("to Matrix, the same at each try", async () => {
    const { method, path, authorization, body } = await sent("matrix", (origin) => ({
      ...{ homeserver_url: `${origin}/base/?x`, access_token: "the-token", room_id: "!a/b:c" },
    }));
    const room = "/base/_matrix/client/v3/rooms/!a%2Fb%3Ac";
    assert.deepEqual([method, path], ["PUT", `${room}/send/m.room.message/event_1`]);
    assert.deepEqual([authorization, body], ["Bearer the-token", { msgtype: "m.text", body: plain }]);
  });

  test("to a webhook, as it is", async () => {
    const { method, path, body } = await sent("webhook", (origin) => ({ url: `${origin}/a?b=c#d`, secret: "s" }));
    assert.deepEqual([method, path, body], ["POST", "/a?b=c", event]);
  });
});

describe("an alert goes", () => {
  const told = "web on Local: CPU is at 93 %, above 80 %.\nContainer: web\nHost: local\nTime: 2030-01-02T03:04:05.000Z";
  const title = "critical: <hot> @all";

  test("to ntfy, loudly", async () => {
    const config = (origin: string) => ({ server_url: origin, topic: "yard", token: "t" });
    const { method, path, authorization, body } = await sent("ntfy", config, alarm);
    assert.deepEqual([method, path, authorization], ["POST", "/", "Bearer t"]);
    assert.deepEqual(body, { topic: "yard", title, message: told, priority: 5 });
  });

  test("to Gotify, below whatever path it has", async () => {
    const config = (origin: string) => ({ server_url: `${origin}/push/?x`, token: "the-token" });
    const { method, path, headers, body } = await sent("gotify", config, alarm);
    assert.deepEqual([method, path, headers["x-gotify-key"]], ["POST", "/push/message", "the-token"]);
    assert.deepEqual(body, { title, message: told, priority: 8 });
  });

  test("to PagerDuty, where its end closes the incident that its beginning has opened", async () => {
    const config = (origin: string) => ({ routing_key: "key", url: `${origin}/v2/enqueue` });
    const { path, body } = await sent("pagerduty", config, alarm);
    const { body: end } = await sent("pagerduty", config, allClear);
    assert.deepEqual([path, body.routing_key, body.event_action], ["/v2/enqueue", "key", "trigger"]);
    assert.deepEqual(body.payload, {
      ...{ summary: `${title}: ${alarm.message}`, source: "web", severity: "critical", timestamp: alarm.timestamp },
      custom_details: { text: told },
    });
    assert.deepEqual([end.event_action, end.dedup_key], ["resolve", body.dedup_key]);
  });

  test("to Pushover, through quiet hours", async () => {
    const config = (origin: string) => ({ token: "t", user: "u", url: `${origin}/1/messages.json` });
    const { path, body } = await sent("pushover", config, alarm);
    assert.deepEqual([path, body], ["/1/messages.json", { token: "t", user: "u", title, message: told, priority: 1 }]);
    assert.equal((await sent("pushover", config, allClear)).body.priority, -1);
  });

  test("to a flow of Teams, as a card", async () => {
    const path = "/workflows/0f/triggers/manual/paths/invoke?api-version=2016-06-01&sig=s";
    const { path: asked, body } = await sent("teams", (origin) => ({ webhook_url: origin + path }), alarm);
    assert.equal(asked, path);
    const [{ contentType, content }] = body.attachments;
    assert.deepEqual([body.type, contentType], ["message", "application/vnd.microsoft.card.adaptive"]);
    assert.ok(content.body[0].text.startsWith("critical: \\<hot\\> @all\n\nweb on Local"), content.body[0].text);
  });

  test("to Slack, where no name calls anybody", async () => {
    const path = "/services/T0/B0/abc";
    const { body } = await sent("slack", (origin) => ({ webhook_url: origin + path }), alarm);
    assert.equal(body.text, `critical: &lt;hot&gt; @all\n\n${told}`);
  });
});

describe("no receiver is", () => {
  const providers = createProviders({ telegramUrl: "https://telegram.test" });
  for (const [provider, config] of [
    ["discord", { webhook_url: "https://discord.com/api/webhooks/abc/def" }],
    ["discord", { webhook_url: "https://discord.com/api/webhooks/1/def/github" }],
    ["slack", { webhook_url: "https://hooks.slack.com/services/X/B/abc" }],
    ["teams", { webhook_url: `https://x.webhook.office.com/webhookb2/${guid}/IncomingWebhook/x/${guid}` }],
    ["googlechat", { webhook_url: "https://chat.googleapis.com/v1/spaces/A/messages?key=k" }],
    ["googlechat", { webhook_url: "https://chat.googleapis.com.evil.test/?key=k&token=t" }],
    ["matrix", { homeserver_url: "matrix.test", access_token: "t", room_id: "r" }],
    ["webhook", { url: "https://user:password@hooks.test/" }],
  ] as const satisfies readonly (readonly [ChannelProvider, ChannelConfig])[])
    test(`${provider} at ${Object.values<string>(config)[0]}`, () =>
      assert.throws(() => providers[provider].request(config, { ...message, at: 0 }), {
        code: "invalid",
        field: /^config\./,
      }));
});
