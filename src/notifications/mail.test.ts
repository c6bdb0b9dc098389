import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { test } from "node:test";
import { systemClock } from "../platform/clock.ts";
import { networksOf } from "../platform/http/outgoing/addresses.ts";
import type { ChannelConfig } from "./channel.ts";
import { createProviders } from "./providers/all.ts";
import { createSend } from "./send.ts";
import { alarm } from "./testing.ts";
import { type MailServerOptions, startMailServer } from "./testing-mail.ts";

const providers = createProviders({ telegramUrl: "https://telegram.test" });
const signal = AbortSignal.timeout(60_000);
const letter = { from: "yard@example.org", to: "ann@example.org, bob@example.org" };

/** Every name leads to this machine. */
async function send(config: ChannelConfig, { allow = ["127.0.0.1"], timeoutMs = 10_000 } = {}): Promise<void> {
  const resolve = async () => [{ address: "127.0.0.1", family: 4 }];
  const sendIt = createSend({ providers, allowNetworks: networksOf(allow), clock: systemClock, resolve, timeoutMs });
  const message = { eventId: "event_1", event: alarm, json: JSON.stringify(alarm) };
  await sendIt({ provider: "email", config: { host: "localhost", ...letter, ...config }, message, signal });
}

async function sentTo(options: MailServerOptions, config: ChannelConfig) {
  await using server = await startMailServer(options);
  await send({ port: String(server.port), ...config });
  const [mail = assert.fail(), ...more] = server.received;
  assert.deepEqual(more, []);
  return mail;
}

test("a letter says in its subject what is the matter, to all who are named", async () => {
  const mail = await sentTo({ security: "none" }, { security: "none" });
  assert.deepEqual([mail.from, mail.to], ["yard@example.org", ["ann@example.org", "bob@example.org"]]);
  assert.deepEqual([mail.isSecure, mail.user], [false, undefined]);
  assert.match(mail.text, /^Subject: critical: <hot> @all\r$/m);
  assert.match(mail.text, /^Message-ID: <event_1@runyard>\r$/m);
  assert.match(mail.text, /web on Local: CPU is at 93 %, above 80 %\.\r\n/);
});

for (const security of ["tls", "starttls"] as const)
  test(`a password goes by ${security}`, async () => {
    const login = ["yard", "the password"] as const;
    const mail = await sentTo({ security, login }, { security, username: "yard", password: "the password" });
    assert.deepEqual([mail.isSecure, mail.user], [true, "yard"]);
  });

for (const [what, options, config, reason] of [
  ["cannot speak TLS, where that is wanted", { security: "none" }, { security: "starttls" }, /TLS/],
  [
    ...(["knows another password", { security: "starttls", login: ["yard", "right"] }] as const),
    ...([{ username: "yard", password: "wrong" }, /refuses that username and password/] as const),
  ],
  ["knows none of the recipients", {}, { security: "none", to: "nobody@x.test" }, /refuses the sender, or all .* 550/],
  ["knows not all of them", {}, { security: "none", to: "nobody@x.test,ann@x.test" }, /refused 1 of the recipients/],
] as const satisfies readonly (readonly [string, MailServerOptions, ChannelConfig, RegExp])[])
  test(`a server that ${what} has not received it, and nothing of its words is shown`, async () => {
    await using server = await startMailServer(options);
    await assert.rejects(send({ port: String(server.port), ...config }), ({ message }: Error) => {
      assert.match(message, reason);
      assert.doesNotMatch(message, /a secret|password:|wrong/);
      return true;
    });
  });

test("a server by another name than its certificate's gets nothing", async () => {
  await using server = await startMailServer({ security: "tls" });
  const config = { host: "mail.example.org", port: String(server.port), security: "tls" };
  await assert.rejects(send(config), /no safe connection/);
  assert.deepEqual(server.received, []);
});

test("a server in a network of the yard's own is not connected to", async () => {
  let connections = 0;
  const server = createServer(() => connections++).listen(0, "127.0.0.1");
  await using _closed = { [Symbol.asyncDispose]: async () => void server.close() };
  await once(server, "listening");
  const port = String((server.address() as AddressInfo).port);
  await assert.rejects(send({ port }, { allow: [] }), /leads to .* which notifications.allow-networks does not allow/);
  assert.equal(connections, 0);
});

test("a server that never says anything is waited for no longer than for others", async () => {
  const server = createServer((socket) => socket.on("error", () => {})).listen(0, "127.0.0.1");
  await using _closed = { [Symbol.asyncDispose]: async () => void server.close() };
  await once(server, "listening");
  const port = String((server.address() as AddressInfo).port);
  const start = Date.now();
  await assert.rejects(send({ port }, { timeoutMs: 200 }), /no answer within 0.2 s/);
  assert.ok(Date.now() - start < 5_000);
});
