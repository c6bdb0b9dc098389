/** Sending the audit log elsewhere: in order, and until it arrives. */
import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { systemClock } from "../platform/clock.ts";
import { createSecretBox } from "../platform/crypto/secret-box.ts";
import type { Database } from "../platform/db/database.ts";
import { eachDialect, openTestDatabase } from "../platform/db/testing.ts";
import { networksOf } from "../platform/http/outgoing/addresses.ts";
import { createLog } from "../platform/log.ts";
import { until } from "../platform/testing/until.ts";
import { createAudit } from "./audit.ts";
import { openAuditWebhook } from "./audit-webhook.ts";

const key = randomBytes(32);

/** @param statusOf the n-th request, from 1 */
async function startReceiver(statusOf: (n: number) => number = () => 204) {
  const received: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
  const server = createServer(async (request, response) => {
    received.push({ headers: request.headers, body: await text(request) });
    response.writeHead(statusOf(received.length)).end("a secret of the receiver");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    ...{ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received },
    targets: () => received.map(({ body }): string => JSON.parse(body).target),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function openIt(database: Database, { allow = ["127.0.0.1"], retriesMs = [10], pollMs = 20 } = {}) {
  return openAuditWebhook({
    ...{ database, secrets: createSecretBox(key), allowNetworks: networksOf(allow), clock: systemClock },
    ...{ log: createLog({ level: "silent" }), times: { pollMs, retriesMs, timeoutMs: 500 } },
    bodyOf: ({ seq, action, target }) => ({ seq, action, target }),
  });
}

async function record(database: Database, ...targets: string[]): Promise<void> {
  await using audit = createAudit({ database, clock: systemClock });
  for (const target of targets) {
    const action = target.startsWith("web") ? "stack.deploy" : "user.create";
    await audit.record({ actor: { id: null, name: "x" }, api: "test", action, target, outcome: "done" });
  }
}

eachDialect("the audit log's webhook", (open) => {
  test("gets each entry from now on, in order, signed", async () => {
    await using database = await open();
    await using receiver = await startReceiver();
    await using webhook = openIt(database);
    await record(database, "before");
    assert.deepEqual(await webhook.get(), { url: "", hasSecret: false, filterActions: [] });
    const set = await webhook.set({ url: receiver.url, secret: "the secret" });
    assert.deepEqual(set, { url: receiver.url, hasSecret: true, filterActions: [] });
    const row = await database.kysely.selectFrom("audit_webhook").selectAll().executeTakeFirstOrThrow();
    assert.doesNotMatch(JSON.stringify(row), /the secret/);
    await record(database, "a", "b", "c", "d");
    await until(() => receiver.received.length === 4);
    assert.deepEqual(receiver.targets(), ["a", "b", "c", "d"]);
    const [{ headers, body }] = receiver.received as [(typeof receiver.received)[number]];
    const signed = createHmac("sha256", "the secret").update(`${headers["x-runyard-timestamp"]}.${body}`).digest("hex");
    assert.equal(headers["x-runyard-signature"], `sha256=${signed}`);
    assert.equal((await webhook.set({ url: receiver.url, secret: "" })).hasSecret, true);
    assert.equal((await webhook.set({ url: receiver.url, clearSecret: true })).hasSecret, false);
    await record(database, "e");
    await until(() => receiver.received.length === 5);
    assert.equal(receiver.received[4]?.headers["x-runyard-signature"], undefined);
  });

  test("gets what failed again before anything that follows, and from the next yard what one has left", async () => {
    await using database = await open();
    await using receiver = await startReceiver((n) => (n === 2 || n === 3 ? 500 : 204));
    {
      await using webhook = openIt(database, { retriesMs: [300] });
      await webhook.set({ url: receiver.url });
      await record(database, "a", "b", "c");
      await until(() => receiver.received.length === 2);
    }
    await using _webhook = openIt(database);
    await until(() => receiver.received.length === 5);
    assert.deepEqual(receiver.targets(), ["a", "b", "b", "b", "c"]);
  });

  test("gets each once, however many yards there are", async () => {
    await using database = await open();
    await using receiver = await startReceiver();
    await using one = openIt(database, { pollMs: 5 });
    await using _two = openIt(database, { pollMs: 5 });
    await one.set({ url: receiver.url });
    const targets = Array.from({ length: 30 }, (_, index) => String(index));
    await record(database, ...targets);
    await until(() => receiver.received.length >= 30);
    assert.deepEqual(receiver.targets(), targets);
  });

  test("gets what it wants alone, and nothing once it is off", async () => {
    await using database = await open();
    await using receiver = await startReceiver();
    await using webhook = openIt(database);
    const sentThrough = async () =>
      (await database.kysely.selectFrom("audit_webhook").select("sent_through").executeTakeFirstOrThrow()).sent_through;
    for (const filterActions of [["stack"], ["stack.*", "app"], ["stack.deploy"]]) {
      await webhook.set({ url: receiver.url, filterActions });
      const before = receiver.received.length;
      await record(database, "ann", "web", "bob");
      const through = (await database.kysely.selectFrom("audit_entries").select("seq").execute()).length;
      await until(async () => (await sentThrough()) === through);
      assert.deepEqual(receiver.targets().slice(before), ["web"]);
    }
    await webhook.set({ url: "" });
    await record(database, "web-unseen");
    await webhook.set({ url: receiver.url });
    await record(database, "web-again");
    await until(() => receiver.received.length === 4);
    assert.equal(receiver.targets()[3], "web-again");
  });
});

test("a test is sent at once, and what keeps it from arriving is said without the receiver's words", async () => {
  await using database = await openTestDatabase("sqlite");
  await using receiver = await startReceiver((n) => (n === 1 ? 200 : 500));
  await using webhook = openIt(database);
  const signal = AbortSignal.timeout(30_000);
  await assert.rejects(webhook.test(signal), { code: "invalid" });
  await webhook.set({ url: receiver.url });
  await webhook.test(signal);
  assert.equal(JSON.parse(receiver.received[0]!.body).action, "audit.webhook_test");
  await assert.rejects(webhook.test(signal), { code: "unavailable", message: /status 500\.$/ });
  await using guarded = openIt(database, { allow: [] });
  await assert.rejects(guarded.test(signal), { code: "unavailable", message: /allow-networks/ });
});

for (const [field, wanted] of [
  ["url", { url: "ftp://x.test" }],
  ["url", { url: "nonsense" }],
  ["url", { url: "https://user:password@x.test" }],
  ["secret", { url: "https://x.test", secret: "a\r\nb" }],
  ["filterActions", { url: "https://x.test", filterActions: ["*"] }],
  ["filterActions", { url: "https://x.test", filterActions: [""] }],
] as const)
  test(`no webhook is ${JSON.stringify(wanted)}`, async () => {
    await using database = await openTestDatabase("sqlite");
    await using webhook = openIt(database);
    await assert.rejects(webhook.set(wanted), { code: "invalid", field });
    assert.equal((await webhook.get()).url, "");
  });
