import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, test } from "node:test";
import type { Database } from "../platform/db/database.ts";
import { eachDialect } from "../platform/db/testing.ts";
import { newId } from "../platform/ids.ts";
import { until } from "../platform/testing/until.ts";
import { type Answer, failing, ok, openTestRoom, silent, startReceiver, teamId } from "./testing.ts";

const bodies = (received: readonly { readonly body: string }[]) => received.map(({ body }) => JSON.parse(body));
const left = async ({ kysely }: Database) => (await kysely.selectFrom("deliveries").selectAll().execute()).length;

eachDialect("notifications", (open) => {
  test("an event comes to the channels of its team that want it, once and signed", async () => {
    await using database = await open();
    await using receiver = await startReceiver();
    await using room = openTestRoom({ database });
    await room.webhook(`${receiver.url}/a?b=c`, { config: { url: `${receiver.url}/a?b=c`, secret: "the secret" } });
    await room.webhook(`${receiver.url}/paused`, { events: ["capsule.paused"] });
    room.tell("capsule.created", newId("team"));
    room.tell("capsule.destroyed");
    const event = room.tell();
    await until(() => receiver.received.length > 0);
    await until(async () => (await left(database)) === 0);
    const [{ method, path, headers, body } = assert.fail(), ...more] = receiver.received;
    assert.deepEqual(more, []);
    assert.deepEqual([method, path, headers["content-type"]], ["POST", "/a?b=c", "application/json"]);
    assert.equal(body, JSON.stringify(event));
    const signed = createHmac("sha256", "the secret").update(`${headers["x-wrenn-timestamp"]}.${body}`).digest("hex");
    assert.equal(headers["x-wrenn-signature"], `sha256=${signed}`);
    assert.ok(Math.abs(Date.parse(String(headers["x-wrenn-timestamp"])) - Date.now()) < 60_000);
    assert.match(String(headers["x-wrenn-delivery"]), /^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  });

  test("what fails is tried again under another delivery id, and its reason can be seen", async () => {
    await using database = await open();
    await using receiver = await startReceiver((response, number, request) =>
      (number < 2 ? failing : ok)(response, number, request),
    );
    await using room = openTestRoom({ database });
    const { id } = await room.webhook(receiver.url);
    room.tell();
    const channel = await until(async () => {
      const now = await room.notifications.channels.get(teamId, id);
      return now.deliveredAt === undefined ? undefined : now;
    });
    assert.equal(receiver.received.length, 3);
    assert.equal(new Set(receiver.received.map(({ headers }) => headers["x-wrenn-delivery"])).size, 3);
    assert.equal(new Set(receiver.received.map(({ body }) => body)).size, 1);
    assert.equal(channel.lastError?.message, "the receiver answered with status 500");
    assert.equal(await left(database), 0);
  });

  test("what fails three times is dropped, and the next event is told all the same", async () => {
    await using database = await open();
    await using receiver = await startReceiver((response, number, request) =>
      (number < 3 ? failing : ok)(response, number, request),
    );
    await using room = openTestRoom({ database });
    await room.webhook(receiver.url);
    const lost = room.tell();
    await until(() => receiver.received.length === 3);
    await until(async () => (await left(database)) === 0);
    const told = room.tell();
    await until(() => receiver.received.length === 4);
    assert.deepEqual(bodies(receiver.received), [lost, lost, lost, told]);
    assert.ok(room.logged.some((line) => line.includes("dropped")));
  });

  test("between two tries it waits as long as it is told to", async () => {
    await using database = await open();
    await using receiver = await startReceiver(failing);
    await using room = openTestRoom({ database, times: { retriesMs: [10, 3_600_000] } });
    await room.webhook(receiver.url);
    room.tell();
    await until(() => receiver.received.length === 2);
    const row = await until(async () => {
      const waiting = await database.kysely.selectFrom("deliveries").selectAll().executeTakeFirst();
      return waiting?.failures === 2 ? waiting : undefined;
    });
    assert.ok(row.due_at - Date.now() > 3_500_000);
  });

  test("two yards on one database make each delivery once", async () => {
    await using database = await open();
    await using receiver = await startReceiver();
    await using one = openTestRoom({ database });
    await using _two = openTestRoom({ database });
    await one.webhook(receiver.url);
    const told = Array.from({ length: 60 }, () => one.tell().resource.id);
    await until(async () => receiver.received.length >= told.length && (await left(database)) === 0);
    assert.deepEqual(
      bodies(receiver.received)
        .map(({ resource }) => resource.id)
        .sort(),
      told.sort(),
    );
  });

  test("what a yard was sending when it stopped is sent by the next, at once", async () => {
    await using database = await open();
    await using receiver = await startReceiver((response, number, request) =>
      (number === 0 ? silent : ok)(response, number, request),
    );
    {
      await using room = openTestRoom({ database });
      await room.webhook(receiver.url);
      room.tell();
      await until(() => receiver.received.length === 1);
    }
    await using _next = openTestRoom({ database });
    await until(() => receiver.received.length === 2);
    await until(async () => (await left(database)) === 0);
  });

  test("too much for one channel is dropped, and the others get it", async () => {
    await using database = await open();
    await using stuck = await startReceiver(silent);
    await using receiver = await startReceiver();
    await using room = openTestRoom({ database, mostWaiting: 3 });
    const { id } = await room.webhook(stuck.url);
    await room.webhook(receiver.url);
    for (let told = 1; told <= 5; told++) {
      room.tell();
      await until(() => receiver.received.length === told);
    }
    await until(async () => (await left(database)) === 3);
    const { lastError } = await room.notifications.channels.get(teamId, id);
    assert.equal(lastError?.message, "3 deliveries wait already: some were dropped");
  });

  test("old news are dropped", async () => {
    await using database = await open();
    await using receiver = await startReceiver();
    await using room = openTestRoom({ database, times: { maxAgeMs: -1 } });
    const { id } = await room.webhook(receiver.url);
    room.tell();
    await until(async () => (await room.notifications.channels.get(teamId, id)).lastError);
    assert.deepEqual([receiver.received.length, await left(database)], [0, 0]);
  });

  test("what is on its way goes by the channel as it is then; with the channel it is gone", async () => {
    await using database = await open();
    await using before = await startReceiver(failing);
    await using after = await startReceiver();
    await using room = openTestRoom({ database, times: { retriesMs: [500] } });
    const { channels } = room.notifications;
    const moved = await room.webhook(before.url);
    room.tell();
    await until(() => before.received.length === 1);
    await channels.configure(teamId, moved.id, { url: after.url });
    await until(() => after.received.length === 1);
    await channels.configure(teamId, moved.id, { url: before.url });
    room.tell();
    await until(() => before.received.length === 2);
    assert.equal(await channels.remove(teamId, moved.id), true);
    assert.equal(await left(database), 0);
  });
});

describe("receivers of all kinds", () => {
  const endless: Answer = (response) => {
    response.writeHead(200);
    const chunk = Buffer.alloc(65_536);
    const more = () => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on("drain", more);
    more();
  };

  eachDialect("one that", (open) => {
    for (const [what, answer, error] of [
      ["never answers", silent, "no answer within 0.2 s"],
      ["begins an answer and goes on for ever", endless, undefined],
      ["closes", (response) => void response.destroy(), "ECONNRESET"],
      [
        "sends elsewhere",
        (response) => void response.writeHead(302, { location: "/else" }).end(),
        "the receiver answered with status 302",
      ],
      ["does not know it", (response) => void response.writeHead(404).end(), "the receiver answered with status 404"],
    ] as const satisfies readonly (readonly [string, Answer, string | undefined])[])
      test(`${what} holds up nobody else`, async () => {
        await using database = await open();
        await using odd = await startReceiver(answer);
        await using receiver = await startReceiver();
        await using room = openTestRoom({ database, times: { timeoutMs: 200, retriesMs: [] } });
        const { id } = await room.webhook(`${odd.url}/here`);
        await room.webhook(receiver.url);
        for (let told = 0; told < 5; told++) room.tell();
        await until(() => receiver.received.length === 5);
        await until(async () => (await left(database)) === 0);
        const { lastError } = await room.notifications.channels.get(teamId, id);
        assert.equal(lastError?.message, error);
        assert.deepEqual(new Set(odd.received.map(({ path }) => path)), new Set(["/here"]));
      });
  });
});
