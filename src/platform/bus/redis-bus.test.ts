import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "redis";
import { createLog } from "../log.ts";
import { openRedis } from "../redis/connection.ts";
import { skipWithoutRedis, startRedis, type TestRedis } from "../testing/redis.ts";
import { until } from "../testing/until.ts";
import type { Bus } from "./bus.ts";
import { describeBus, type OnBusError } from "./conformance.ts";
import { openRedisBus } from "./redis-bus.ts";
import { type Topics, topicSchemas } from "./topics.ts";

const log = createLog({ level: "silent" });
const failTest: OnBusError = (error) => assert.fail(String(error));

describe("the bus between processes", { skip: skipWithoutRedis() }, () => {
  let redis: TestRedis;
  before(async () => {
    redis = await startRedis();
  });
  after(() => redis[Symbol.asyncDispose]());

  async function openReplica(options: { url?: string; channel?: string; pingMs?: number; onError?: OnBusError } = {}) {
    const { url = redis.url, channel = "runyard:test", pingMs, onError = failTest } = options;
    const connection = await openRedis({ url, log, pingMs });
    const bus = await openRedisBus<Topics>({ redis: connection, channel, schemas: topicSchemas, onError });
    return { bus, connection, [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose]() };
  }

  function listen(bus: Bus<Topics>) {
    const heard: string[] = [];
    bus.subscribe("user.changed", ({ userId }) => void heard.push(userId));
    return heard;
  }

  describeBus((onError) => openReplica({ onError }));

  test("other replicas hear each event once, in order, and the publisher hears its own once", async () => {
    await using one = await openReplica();
    await using two = await openReplica();
    const [here, there] = [listen(one.bus), listen(two.bus)];
    const ids = Array.from({ length: 200 }, (_, i) => `user_${i}`);
    for (const userId of ids) await one.bus.publish("user.changed", { userId });
    await until(() => there.length >= ids.length);
    await two.bus.publish("user.changed", { userId: "back" }); // comes after whatever Redis still has for the first one
    await until(() => here.includes("back"));
    assert.deepEqual(there, [...ids, "back"]);
    assert.deepEqual(here, [...ids, "back"]);
  });

  test("another yard on the same Redis hears nothing", async () => {
    await using one = await openReplica();
    await using two = await openReplica();
    await using stranger = await openReplica({ channel: "runyard:other" });
    const [there, elsewhere] = [listen(two.bus), listen(stranger.bus)];
    await one.bus.publish("user.changed", { userId: "user_1" });
    await until(() => there.length === 1);
    assert.deepEqual(elsewhere, []);
  });

  test("what is no event of a known topic is ignored", async () => {
    await using replica = await openReplica();
    const heard = listen(replica.bus);
    using client = await connectClient(redis.url);
    const broken = [
      "",
      "{",
      "null",
      "[]",
      '{"topic":"user.changed","event":{"userId":"no sender"}}',
      '{"from":"x","topic":"user.changed"}',
      '{"from":"x","topic":"user.changed","event":{"userId":7}}',
      '{"from":"x","topic":"no.such","event":{"userId":"user_1"}}',
      '{"from":"x","topic":"__proto__","event":{}}',
      '{"from":"x","topic":"constructor","event":{}}',
    ];
    for (const text of broken) await client.publish("runyard:test", text);
    await client.publish("runyard:test", '{"from":"x","topic":"user.changed","event":{"userId":"good"}}');
    await until(() => heard.length > 0);
    assert.deepEqual(heard, ["good"]);
  });

  test("without Redis the listeners here are called all the same, at once", async () => {
    await using lonely = await openReplica({ url: "redis://127.0.0.1:1" });
    const heard = listen(lonely.bus);
    const began = performance.now();
    for (let i = 0; i < 1_000; i++) await lonely.bus.publish("user.changed", { userId: `user_${i}` });
    assert.ok(performance.now() - began < 5_000);
    assert.equal(heard.length, 1_000);
  });

  test("after Redis was killed and is back, all replicas are told that they may have missed something, and hear each other again", async () => {
    await using own = await startRedis();
    await using one = await openReplica({ url: own.url });
    await using two = await openReplica({ url: own.url });
    const there = listen(two.bus);
    let resyncs = 0;
    using _listens = two.bus.onResync(() => void resyncs++);
    await own.kill();
    await until(() => one.connection.client === undefined && two.connection.client === undefined);
    await one.bus.publish("user.changed", { userId: "lost" });
    await own.start();
    await until(() => resyncs > 0);
    await until(async () => {
      await one.bus.publish("user.changed", { userId: "heard" });
      return there.includes("heard");
    });
    assert.ok(!there.includes("lost"));
  });

  test("a replica whose own connection was lost tells the others when it is back", async () => {
    await using one = await openReplica();
    await using two = await openReplica();
    let resyncs = 0;
    using _listens = two.bus.onResync(() => void resyncs++);
    one.connection.client?.destroy();
    await one.bus.publish("user.changed", { userId: "lost" });
    await until(() => resyncs === 1);
  });

  test("a Redis that is silent is given up, and publishing waits for it at no time", async () => {
    await using own = await startRedis();
    await using replica = await openReplica({ url: own.url, pingMs: 100 });
    const heard = listen(replica.bus);
    {
      using _frozen = own.freeze();
      await replica.bus.publish("user.changed", { userId: "user_1" });
      assert.deepEqual(heard, ["user_1"]);
      await until(() => replica.connection.client === undefined);
    }
    await until(() => replica.connection.client !== undefined);
  });

  test("closing ends the connection, also while Redis is away", async () => {
    const connected = await openReplica();
    const lonely = await openReplica({ url: "redis://127.0.0.1:1" });
    await sleep(0);
    await Promise.all([connected[Symbol.asyncDispose](), lonely[Symbol.asyncDispose]()]);
    assert.equal(connected.connection.client, undefined);
  });
});

async function connectClient(url: string) {
  const client = createClient({ url });
  await client.connect();
  return Object.assign(client, { [Symbol.dispose]: () => client.destroy() });
}
