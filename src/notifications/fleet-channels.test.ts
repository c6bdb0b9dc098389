/** The fleet's channels, and what they are told. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, test } from "node:test";
import type { Database } from "../platform/db/database.ts";
import { eachDialect, openTestDatabase } from "../platform/db/testing.ts";
import { until } from "../platform/testing/until.ts";
import type { FleetChannelInput } from "./fleet-channel.ts";
import { alarm, allClear, failing, ok, openTestRoom, silent, startReceiver, type TestRoom } from "./testing.ts";

const ntfy = (changes: Partial<FleetChannelInput["config"]> = {}): FleetChannelInput => ({
  ...{ name: "Phones", type: "ntfy" },
  config: {
    server_url: "https://ntfy.test",
    topic: "yard",
    token: "the-token",
    ...changes,
  } as FleetChannelInput["config"],
});
const hook = (url: string): FleetChannelInput => ({ name: "hook", type: "webhook", config: { url } });
const sealed = async ({ kysely }: Database) =>
  (await kysely.selectFrom("channels").select("config").executeTakeFirstOrThrow()).config;
const bodies = (received: readonly { readonly body: string }[]) => received.map(({ body }) => JSON.parse(body));

eachDialect("the fleet's channels", (open) => {
  test("are listed as they were made, without their secrets, which rest sealed", async () => {
    await using database = await open();
    await using room = openTestRoom({ database });
    const { fleetChannels } = room.notifications;
    const first = await fleetChannels.create(ntfy());
    assert.deepEqual(first.config, { server_url: "https://ntfy.test", topic: "yard" });
    assert.deepEqual([first.name, first.type, first.secrets, first.isEnabled], ["Phones", "ntfy", ["token"], true]);
    const second = await fleetChannels.create({ ...ntfy(), isEnabled: false });
    assert.ok(second.number > first.number);
    assert.deepEqual(await fleetChannels.list(), [first, second]);
    assert.doesNotMatch(await sealed(database), /the-token/);
    await fleetChannels.remove(second.number);
    await assert.rejects(fleetChannels.remove(second.number), { code: "not_found" });
    const third = await fleetChannels.create(ntfy());
    assert.ok(third.number > second.number, "numbers are never given twice: a rule may still name one that is gone");
  });

  test("keep a secret that nothing is said of, and forget one that is to be forgotten", async () => {
    await using database = await open();
    await using room = openTestRoom({ database });
    const { fleetChannels } = room.notifications;
    const { number } = await fleetChannels.create(ntfy());
    for (const token of [undefined, ""]) {
      const { secrets } = await fleetChannels.update(number, ntfy({ token, topic: "other" }));
      assert.deepEqual(secrets, ["token"]);
    }
    assert.deepEqual((await fleetChannels.update(number, ntfy({ token: null }))).secrets, []);
  });

  test("give no secret to another server than the one that it was given for", async () => {
    await using database = await open();
    await using room = openTestRoom({ database });
    const { fleetChannels } = room.notifications;
    const { number } = await fleetChannels.create(ntfy());
    const before = await sealed(database);
    const elsewhere = ntfy({ server_url: "https://evil.test", token: "" });
    await assert.rejects(fleetChannels.update(number, elsewhere), { code: "invalid", field: "config.token" });
    const gotify = { name: "g", type: "gotify", config: { server_url: "https://ntfy.test" } } as const;
    await assert.rejects(fleetChannels.update(number, gotify), { code: "invalid", field: "config.token" });
    assert.equal(await sealed(database), before);
    await fleetChannels.update(number, ntfy({ server_url: "https://evil.test", token: "another" }));
  });

  test("are told what names them, signed where there is a secret, and once", async () => {
    await using database = await open();
    await using receiver = await startReceiver();
    await using room = openTestRoom({ database });
    const { fleetChannels } = room.notifications;
    const signed = { ...hook(receiver.url), config: { url: `${receiver.url}/signed`, secret: "s" } };
    const one = await fleetChannels.create(signed);
    const other = await fleetChannels.create(hook(receiver.url));
    const disabled = await fleetChannels.create({ ...hook(receiver.url), isEnabled: false });
    await room.tellFleet({ channels: [one.number, one.number, disabled.number, 4711] });
    await until(async () => (await fleetChannels.list())[0]?.deliveredAt !== undefined);
    const [{ path, headers, body } = assert.fail(), ...more] = receiver.received;
    assert.deepEqual([path, JSON.parse(body), more], ["/signed", alarm, []]);
    const timestamp = headers["x-runyard-timestamp"];
    const expected = createHmac("sha256", "s").update(`${timestamp}.${body}`).digest("hex");
    assert.equal(headers["x-runyard-signature"], `sha256=${expected}`);
    await room.tellFleet({ channels: [other.number] });
    await until(() => receiver.received.length === 2);
    assert.equal(receiver.received[1]?.headers["x-runyard-signature"], undefined);
  });

  test("are told of the end after the beginning, however often that has to be tried", async () => {
    await using database = await open();
    await using receiver = await startReceiver((response, number, request) =>
      (number < 3 ? failing : ok)(response, number, request),
    );
    await using room = openTestRoom({ database });
    const { number } = await room.notifications.fleetChannels.create(hook(receiver.url));
    const at = Date.now();
    await room.tellFleet({ channels: [number], at });
    await room.tellFleet({ channels: [number], at: at + 1, event: allClear });
    await until(() => receiver.received.length === 5, { what: "the third retry, and then the end" });
    assert.deepEqual(bodies(receiver.received), [alarm, alarm, alarm, alarm, allClear]);
  });

  test("get what was on its way when the yard ended from the next one", async () => {
    await using database = await open();
    await using receiver = await startReceiver((response, number, request) =>
      (number === 0 ? failing : ok)(response, number, request),
    );
    {
      await using room = openTestRoom({ database, times: { fleetRetriesMs: [300] } });
      const { number } = await room.notifications.fleetChannels.create(hook(receiver.url));
      await room.tellFleet({ channels: [number] });
      await until(async () => (await room.notifications.fleetChannels.list())[0]?.lastError !== undefined);
    }
    await using room = openTestRoom({ database });
    await until(async () => (await room.notifications.fleetChannels.list())[0]?.deliveredAt !== undefined);
    assert.deepEqual(bodies(receiver.received), [alarm, alarm]);
  });

  test("that are disabled or deleted get nothing of what was on its way", async () => {
    await using database = await open();
    await using receiver = await startReceiver(failing);
    await using room = openTestRoom({ database, times: { fleetRetriesMs: [60_000] } });
    const { fleetChannels } = room.notifications;
    const waiting = async () => (await database.kysely.selectFrom("deliveries").selectAll().execute()).length;
    const one = await fleetChannels.create(hook(receiver.url));
    const two = await fleetChannels.create(hook(receiver.url));
    await room.tellFleet({ channels: [one.number, two.number] });
    await until(async () => (await fleetChannels.list()).every(({ lastError }) => lastError !== undefined));
    assert.equal(await waiting(), 2);
    await fleetChannels.update(one.number, { ...hook(receiver.url), isEnabled: false });
    assert.equal(await waiting(), 1);
    await fleetChannels.remove(two.number);
    assert.equal(await waiting(), 0);
  });

  test("are told nothing of what is not written down", async () => {
    await using database = await open();
    await using receiver = await startReceiver();
    await using room = openTestRoom({ database });
    const { number } = await room.notifications.fleetChannels.create(hook(receiver.url));
    const notice = { channels: [number], subject: "s", event: alarm, at: Date.now() };
    const failed = database.transaction(async (trx) => {
      await room.notifications.tellFleet(trx, [notice]);
      throw new Error("the disk is full");
    });
    await assert.rejects(failed, /disk/);
    assert.deepEqual(await database.kysely.selectFrom("deliveries").selectAll().execute(), []);
  });

  test("are a hundred at most", async () => {
    await using database = await open();
    await using room = openTestRoom({ database });
    const { fleetChannels } = room.notifications;
    const made = await Promise.allSettled(Array.from({ length: 102 }, () => fleetChannels.create(ntfy())));
    const refused = made.flatMap((each) => (each.status === "rejected" ? [each.reason.code] : []));
    assert.deepEqual(refused, ["too_many", "too_many"]);
  });

  test("are tried out at once, and what keeps a test from arriving is said", async () => {
    await using database = await open();
    await using receiver = await startReceiver();
    await using broken = await startReceiver(failing);
    await using deaf = await startReceiver(silent);
    await using room = openTestRoom({ database, times: { timeoutMs: 200 } });
    const { fleetChannels } = room.notifications;
    const signal = AbortSignal.timeout(30_000);
    const { number } = await fleetChannels.create({ ...hook(receiver.url), isEnabled: false });
    await fleetChannels.try(number, signal);
    assert.equal(bodies(receiver.received)[0].event, "channel.test");
    await fleetChannels.update(number, hook(broken.url));
    await assert.rejects(fleetChannels.try(number, signal), { code: "invalid", message: /status 500/ });
    await fleetChannels.update(number, hook(deaf.url));
    await assert.rejects(fleetChannels.try(number, signal), { code: "invalid", message: /no answer within 0.2 s/ });
    await assert.rejects(fleetChannels.try(4711, signal), { code: "not_found" });
  });
});

describe("no channel of the fleet is", () => {
  const letter = { host: "mail.test", from: "yard@x.test", to: "ann@x.test" };
  const wrong: readonly (readonly [field: string, input: Partial<FleetChannelInput>])[] = [
    ["name", { ...ntfy(), name: " " }],
    ["config.topic", ntfy({ topic: "" })],
    ["config.server_url", ntfy({ server_url: "ftp://ntfy.test" })],
    ["config.token", ntfy({ token: "a\r\nHost: b" })],
    ["config.webhook_url", { type: "slack", config: { webhook_url: "https://slack.test/" } }],
    ["config.url", { type: "webhook", config: { url: "https://user@hooks.test/" } }],
    ["config.host", { type: "email", config: { ...letter, host: "a b" } }],
    ["config.port", { type: "email", config: { ...letter, port: "0" } }],
    ["config.security", { type: "email", config: { ...letter, security: "ssl" } }],
    ["config.security", { type: "email", config: { ...letter, security: "none", username: "u", password: "p" } }],
    ["config.password", { type: "email", config: { ...letter, username: "u" } }],
    ["config.to", { type: "email", config: { ...letter, to: "ann@x.test, bob" } }],
    ["config.from", { type: "email", config: { ...letter, from: "Yard <yard@x.test>" } }],
  ];
  const opened = new AsyncDisposableStack();
  let room: TestRoom;
  before(async () => {
    room = opened.use(openTestRoom({ database: opened.use(await openTestDatabase("sqlite")) }));
  });
  after(() => opened.disposeAsync());
  for (const [field, input] of wrong)
    test(`one whose ${field} is wrong: ${JSON.stringify(input.config)}`, async () => {
      const { fleetChannels } = room.notifications;
      await assert.rejects(fleetChannels.create({ ...ntfy(), ...input }), { code: "invalid", field });
      assert.deepEqual(await fleetChannels.list(), []);
    });
});
