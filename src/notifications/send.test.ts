import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../platform/clock.ts";
import { networksOf } from "../platform/http/outgoing/addresses.ts";
import { createProviders } from "./providers/all.ts";
import { createSend } from "./send.ts";
import { startReceiver } from "./testing.ts";

const event = {
  ...{ event: "channel.test", timestamp: "2030-01-01T00:00:00Z", team_id: "test" },
  ...{ actor: { type: "system" }, resource: { id: "test", type: "channel" } },
};
const message = { eventId: "event_1", event, json: JSON.stringify(event) };
const providers = createProviders({ telegramUrl: "https://telegram.test" });
const { signal } = new AbortController();

function send(url: string, { allow = [] as string[], leadsTo = "10.1.2.3" } = {}): Promise<void> {
  const family = leadsTo.includes(":") ? 6 : 4;
  const resolve = async () => [{ address: leadsTo, family }];
  const sendIt = createSend({ providers, allowNetworks: networksOf(allow), clock: systemClock, resolve });
  return sendIt({ provider: "webhook", config: { url, secret: "s" }, message, signal });
}

for (const url of [
  "http://127.0.0.1/",
  "http://2130706433/",
  "http://0x7f.1/",
  "http://0177.0.0.1/",
  "http://[::1]/",
  "http://[::ffff:127.0.0.1]/",
  "http://[fe80::1]/",
  "http://[fd00::1]/",
  "http://0.0.0.0/",
  "http://100.64.0.1/",
  "http://169.254.169.254/latest/meta-data/",
  "http://metadata.google.internal/",
  "http://10.0.0.1./",
])
  test(`${url} is not asked`, () => assert.rejects(send(url), /leads to .* which notifications.allow-networks/));

for (const url of [
  "ftp://example.com/",
  "file:///etc/passwd",
  "javascript:1",
  "nonsense",
  "http://a@127.0.0.1/",
  "//x/",
])
  test(`${url} is no address of a receiver`, () =>
    assert.rejects(send(url, { allow: ["127.0.0.0/8"] }), { code: "invalid", field: "config.url" }));

test("what an operator has allowed is asked, by the address that was looked at and not by the name", async () => {
  await using receiver = await startReceiver();
  const url = `http://hooks.test:${receiver.port}/`;
  await send(url, { allow: ["127.0.0.0/8"], leadsTo: "127.0.0.1" });
  assert.equal(receiver.received[0]?.headers.host, `hooks.test:${receiver.port}`);
  await assert.rejects(send(url, { allow: ["10.0.0.0/8"], leadsTo: "127.0.0.1" }), /a loopback address/);
});

test("what a receiver answers is not told", async () => {
  await using receiver = await startReceiver((response) => void response.writeHead(403).end("inside"));
  await assert.rejects(send(receiver.url, { allow: ["127.0.0.1"] }), {
    message: "the receiver answered with status 403",
  });
});
