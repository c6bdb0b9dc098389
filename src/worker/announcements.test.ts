/** What a worker tells in Redis, as others find it there. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient } from "redis";
import { createLog } from "../platform/log.ts";
import { skipWithoutRedis, startRedis } from "../platform/testing/redis.ts";
import { until } from "../platform/testing/until.ts";
import { openAnnouncements } from "./announcements.ts";

const log = createLog({ level: "silent" });

test("each state is kept under the task's name, and told in its channel", { skip: skipWithoutRedis() }, async () => {
  await using redis = await startRedis();
  const client = createClient({ url: redis.url });
  const listener = createClient({ url: redis.url });
  await Promise.all([client.connect(), listener.connect()]);
  const told: string[] = [];
  await listener.subscribe("task:one", (message) => void told.push(message));
  await using announcements = await openAnnouncements(redis.url, log);
  for (const state of ["FetchResource", "ExecPending", "ExecSpawned", "ExecFinished"] as const)
    announcements.announce("one", state, { timeoutMs: 5_500 });
  await until(() => told.length === 4);
  assert.deepEqual(told, ["1", "10", "11", "12"]);
  assert.equal(await announcements.stateOf("one"), 12);
  assert.equal(await announcements.stateOf("two"), undefined);
  const seconds = await client.ttl("task:one");
  assert.ok(seconds > 650 && seconds <= 660, `${seconds}`);
  client.destroy();
  listener.destroy();
});

test("without an answer from Redis nothing fails and nothing waits", { skip: skipWithoutRedis() }, async () => {
  await using redis = await startRedis();
  await using announcements = await openAnnouncements(redis.url, log);
  await redis.kill();
  announcements.announce("one", "ExecSpawned", { timeoutMs: 1_000 });
  assert.equal(await announcements.stateOf("one"), undefined);
});
