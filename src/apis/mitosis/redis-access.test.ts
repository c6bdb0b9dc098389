import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { createClient, type RedisClientType } from "redis";
import { createLog } from "../../platform/log.ts";
import { openRedis } from "../../platform/redis/connection.ts";
import { skipWithoutRedis, startRedis, type TestRedis } from "../../platform/testing/redis.ts";
import { until } from "../../platform/testing/until.ts";
import { openRedisAccess } from "./redis-access.ts";

const log = createLog({ level: "silent" });
const masterKey = randomBytes(32);

async function openAccess(url: string, options: { address?: string } = {}) {
  const redis = await openRedis({ url, log });
  const access = await openRedisAccess({ redis, url, masterKey, log, ...options });
  return { ...access, redis, [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose]() };
}

async function connect(url: string | null): Promise<RedisClientType & Disposable> {
  assert.ok(url !== null);
  const client: RedisClientType = createClient({ url, socket: { reconnectStrategy: false } });
  client.on("error", () => {}); // what fails says so itself
  await client.connect();
  return Object.assign(client, { [Symbol.dispose]: () => void (client.isOpen && client.destroy()) });
}

describe("Redis for peers", { skip: skipWithoutRedis() }, () => {
  let server: TestRedis;
  before(async () => {
    server = await startRedis();
  });
  after(() => server[Symbol.asyncDispose]());

  test("URLs name the peer's user, and all replicas give the same", async () => {
    await using one = await openAccess(server.url);
    await using two = await openAccess(server.url);
    const form = (user: string) =>
      new RegExp(`^redis://${user}:[0-9a-f]{64}@127\\.0\\.0\\.1:${server.port}/\\?protocol=resp3$`);
    assert.match(one.urlFor("client") ?? "", form("mitosis_client"));
    assert.match(one.urlFor("worker") ?? "", form("mitosis_worker"));
    for (const peer of ["client", "worker"] as const) assert.equal(one.urlFor(peer), two.urlFor(peer));
  });

  test("peers may be given another address than ours", async () => {
    await using access = await openAccess(server.url, { address: "redis.example:7000" });
    assert.match(access.urlFor("worker") ?? "", /@redis\.example:7000\/\?protocol=resp3$/);
  });

  test("a worker announces how far its task is, and a client reads and hears it", async () => {
    await using access = await openAccess(server.url);
    using worker = await connect(access.urlFor("worker"));
    using client = await connect(access.urlFor("client"));
    const heard: string[] = [];
    await client.subscribe("task:1", (message) => void heard.push(message));
    await worker.setEx("task:1", 60, "10");
    await worker.set("task:2", "19");
    await worker.publish("task:1", "10");
    await until(() => heard.length > 0);
    assert.deepEqual(heard, ["10"]);
    assert.equal(await client.get("task:1"), "10");
    assert.equal(await worker.get("task:2"), "19");
    await client.unsubscribe("task:1");
  });

  const refused: readonly { peer: "client" | "worker"; command: readonly string[] }[] = [
    { peer: "client", command: ["SET", "task:1", "19"] },
    { peer: "client", command: ["DEL", "task:1"] },
    ...(["client", "worker"] as const).flatMap((peer) =>
      [
        ["GET", "other"],
        ["PUBLISH", "runyard:yard", "{}"],
        ["SUBSCRIBE", "runyard:yard"],
        ["PSUBSCRIBE", "*"],
        ["KEYS", "*"],
        ["FLUSHALL"],
        ["CONFIG", "GET", "*"],
        ["ACL", "LIST"],
        ["ACL", "SETUSER", "mitosis_client", "+@all"],
        ["EVAL", "return 1", "0"],
        ["CLIENT", "LIST"],
        ["CLIENT", "KILL", "TYPE", "normal"],
        ["MONITOR"],
        ["SHUTDOWN"],
        ["MULTI"],
      ].map((command) => ({ peer, command })),
    ),
    { peer: "worker", command: ["SET", "other", "1"] },
    { peer: "worker", command: ["RENAME", "task:1", "other"] },
    { peer: "worker", command: ["MIGRATE", "127.0.0.1", "1", "task:1", "0", "10"] },
  ];
  for (const { peer, command } of refused) {
    test(`a ${peer} is refused ${command.join(" ")}`, async () => {
      await using access = await openAccess(server.url);
      using connection = await connect(access.urlFor(peer));
      await assert.rejects(connection.sendCommand([...command]), /NOPERM/);
    });
  }

  test("writing the users again, as each replica does when it starts, disturbs nobody who is connected", async () => {
    await using access = await openAccess(server.url);
    using client = await connect(access.urlFor("client"));
    const heard: string[] = [];
    await client.subscribe("task:3", (message) => void heard.push(message));
    await using _later = await openAccess(server.url);
    using worker = await connect(access.urlFor("worker"));
    await worker.publish("task:3", "19");
    await until(() => heard.length > 0);
    assert.deepEqual(heard, ["19"]);
  });

  test("a Redis that was restarted empty gets the users again", async () => {
    await using own = await startRedis();
    await using access = await openAccess(own.url);
    await own.kill();
    await own.start();
    await until(() => access.redis.client !== undefined);
    using worker = await connect(access.urlFor("worker"));
    assert.equal(await worker.set("task:1", "1"), "OK");
  });

  test("without Redis, or where it refuses the users, there is no URL", async () => {
    await using away = await openAccess("redis://127.0.0.1:1");
    assert.equal(away.urlFor("client"), null);

    await using own = await startRedis();
    using administrator = await connect(own.url);
    await administrator.aclSetUser("plain", ["reset", "on", ">word", "~*", "&*", "+@all", "-acl"]);
    await using access = await openAccess(own.url.replace("redis://", "redis://plain:word@"));
    assert.equal(access.urlFor("worker"), null);
  });
});
