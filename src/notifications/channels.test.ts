import assert from "node:assert/strict";
import { test } from "node:test";
import { createSecretBox } from "../platform/crypto/secret-box.ts";
import { eachDialect } from "../platform/db/testing.ts";
import { newId } from "../platform/ids.ts";
import { until } from "../platform/testing/until.ts";
import { channelEvents, type NewChannel } from "./channel.ts";
import { createConfigSeal } from "./config.ts";
import { failing, openTestRoom, secretKey, silent, startReceiver, teamId } from "./testing.ts";

const hook = {
  name: "ops",
  provider: "webhook",
  config: { url: "https://hooks.test/x" },
  events: ["host.up"],
} as const;

eachDialect("channels", (open) => {
  test("are listed newest first, each with what it was made with, but not how it is reached", async () => {
    await using database = await open();
    await using room = openTestRoom({ database });
    const { channels } = room.notifications;
    assert.deepEqual(await channels.list(teamId), []);
    const { channel: older, secret } = await channels.create(teamId, { ...hook, name: " Ops Team " });
    assert.match(secret ?? "", /^[0-9a-f]{64}$/);
    const chat = { ...hook, name: "chat", provider: "slack", events: [...channelEvents] } as const;
    const newer = await channels.create(teamId, { ...chat, config: { webhook_url: "https://slack.test/x" } });
    assert.equal(newer.secret, undefined);
    assert.deepEqual(await channels.list(teamId), [newer.channel, older]);
    assert.deepEqual(await channels.get(teamId, older.id), older);
    assert.deepEqual(
      [older.name, older.provider, older.events, newer.channel.events],
      ["ops-team", "webhook", ["host.up"], [...channelEvents].sort()],
    );
  });

  test("a name is taken once in a team, and may be changed together with the events", async () => {
    await using database = await open();
    await using room = openTestRoom({ database });
    const { channels } = room.notifications;
    const { channel } = await channels.create(teamId, hook);
    await assert.rejects(channels.create(teamId, { ...hook, name: "OPS" }), { code: "conflict", field: "name" });
    await channels.create(newId("team"), hook);
    const { channel: other } = await channels.create(teamId, { ...hook, name: "other" });
    const events = ["capsule.paused", "host.down", "host.down"] as const;
    await assert.rejects(channels.update(teamId, other.id, { name: "ops", events }), { code: "conflict" });
    assert.deepEqual(await channels.get(teamId, other.id), other);
    const changed = await channels.update(teamId, channel.id, { name: "Ops", events });
    assert.deepEqual([changed.name, changed.events], ["ops", ["capsule.paused", "host.down"]]);
  });

  test("another team's is none", async () => {
    await using database = await open();
    await using room = openTestRoom({ database });
    const { channels } = room.notifications;
    const { channel } = await channels.create(teamId, hook);
    const other = newId("team");
    const missing = { code: "not_found" };
    await assert.rejects(channels.get(other, channel.id), missing);
    await assert.rejects(channels.update(other, channel.id, { name: "x", events: ["host.up"] }), missing);
    await assert.rejects(channels.configure(other, channel.id, { url: "https://else.test" }), missing);
    assert.equal(await channels.remove(other, channel.id), false);
    await channels.removeTeam(other);
    assert.deepEqual(await channels.list(teamId), [channel]);
    assert.deepEqual(await channels.list(other), []);
    await channels.removeTeam(teamId);
    assert.deepEqual(await channels.list(teamId), []);
    assert.deepEqual(await database.kysely.selectFrom("channel_events").selectAll().execute(), []);
  });

  for (const [what, changes, field] of [
    ["no name", { name: " " }, "name"],
    ["a slash in its name", { name: "a/b" }, "name"],
    ["a name of 65 characters", { name: "x".repeat(65) }, "name"],
    ["no events", { events: [] }, "events"],
    ["no address", { config: {} }, "config.url"],
    ["an empty address", { config: { url: " " } }, "config.url"],
    ["a line feed in its address", { config: { url: "https://a.test/\nb" } }, "config.url"],
    ["half a character in its address", { config: { url: "https://a.test/\ud800" } }, "config.url"],
    ["a secret without end", { config: { url: "https://a.test", secret: "x".repeat(4_097) } }, "config.secret"],
    ["half of what it needs", { provider: "telegram", config: { chat_id: "1" } }, "config.bot_token"],
  ] as const satisfies readonly (readonly [string, Partial<NewChannel>, string])[])
    test(`with ${what} is not made`, async () => {
      await using database = await open();
      await using room = openTestRoom({ database });
      await assert.rejects(room.notifications.channels.create(teamId, { ...hook, ...changes }), {
        code: "invalid",
        field,
      });
      assert.deepEqual(await room.notifications.channels.list(teamId), []);
    });

  test("a team has 100 at most", async () => {
    await using database = await open();
    await using room = openTestRoom({ database });
    const { channels } = room.notifications;
    const make = (number: number) => channels.create(teamId, { ...hook, name: `c${number}` });
    for (let made = 0; made < 100; made++) await make(made);
    await assert.rejects(make(100), { code: "too_many" });
    assert.equal((await channels.list(teamId)).length, 100);
  });

  test("neither rows nor logs nor errors hold what a channel is reached by", async () => {
    await using database = await open();
    await using receiver = await startReceiver(failing);
    await using room = openTestRoom({ database, times: { retriesMs: [] } });
    const { channels } = room.notifications;
    const url = `${receiver.url}/very-secret-path?key=very-secret-key`;
    const { channel } = await channels.create(teamId, {
      ...{ ...hook, events: ["capsule.created"] },
      config: { url, secret: "very-secret-word", unknown: "very-secret-field" },
    });
    room.tell();
    await until(async () => (await channels.get(teamId, channel.id)).lastError);
    const rows = await database.kysely.selectFrom("channels").selectAll().execute();
    for (const text of [JSON.stringify(rows), JSON.stringify(await channels.list(teamId)), ...room.logged])
      assert.doesNotMatch(text, /very-secret/);
    assert.ok(room.logged.length > 0);
    const { config } = rows[0]!;
    const seal = createConfigSeal(createSecretBox(secretKey));
    assert.deepEqual(seal.open(config, channel.id), { url, secret: "very-secret-word" });
    assert.throws(() => seal.open(config, newId("channel")), { code: "internal" });
    const { url: one, secret: other } = JSON.parse(config) as Record<string, string>;
    assert.throws(() => seal.open(JSON.stringify({ url: other, secret: one }), channel.id), { code: "internal" });
  });

  test("trying one out sends one event, keeps nothing, and says why it did not arrive", async () => {
    await using database = await open();
    await using receiver = await startReceiver();
    await using broken = await startReceiver(failing);
    await using room = openTestRoom({ database });
    const { channels } = room.notifications;
    const { signal } = new AbortController();
    const event = {
      ...{ event: "channel.test", timestamp: "2030-01-01T00:00:00Z", team_id: "test" },
      ...{ actor: { type: "system" }, resource: { id: "test", type: "channel" } },
    };
    const attempt = (url: string) => channels.try(teamId, { provider: "webhook", config: { url } }, { event, signal });
    await attempt(receiver.url);
    assert.deepEqual(
      receiver.received.map(({ body }) => body),
      [JSON.stringify(event)],
    );
    await assert.rejects(attempt(broken.url), { code: "invalid", message: /did not arrive: .* status 500\.$/ });
    await assert.rejects(attempt("http://10.0.0.1/"), { code: "invalid", message: /leads to a private address/ });
    await assert.rejects(attempt("nonsense"), { code: "invalid", field: "config.url" });
    assert.equal(broken.received.length, 1);
    assert.deepEqual(await channels.list(teamId), []);
  });

  test("of a team, four are tried out at one time", async () => {
    await using database = await open();
    await using receiver = await startReceiver(silent);
    await using room = openTestRoom({ database });
    const leaving = new AbortController();
    const config = { url: receiver.url };
    const event = { event: "x", timestamp: "", team_id: "", actor: { type: "system" }, resource: { id: "", type: "" } };
    const attempt = (team: string) =>
      room.notifications.channels.try(team, { provider: "webhook", config }, { event, signal: leaving.signal });
    const under = Array.from({ length: 4 }, () => attempt(teamId));
    await assert.rejects(attempt(teamId), { code: "too_many" });
    const another = attempt(newId("team"));
    await until(() => receiver.received.length === 5);
    leaving.abort();
    const ended = await Promise.allSettled([...under, another]);
    assert.ok(ended.every(({ status }) => status === "rejected"));
    await assert.rejects(attempt(teamId), { code: "interrupted" });
  });
});
