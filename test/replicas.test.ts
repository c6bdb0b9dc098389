/** Two yards with data directories of their own, on one PostgreSQL and one Redis: to their users they are one. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { newSecret } from "../src/platform/crypto/secrets.ts";
import { findPostgres, startPostgres, type TestPostgres } from "../src/platform/db/testing-postgres.ts";
import { skipUnless } from "../src/platform/testing/parts.ts";
import { skipWithoutRedis, startRedis, type TestRedis } from "../src/platform/testing/redis.ts";
import { until } from "../src/platform/testing/until.ts";
import { type AppMesh, appMesh, logIn } from "./support/appmesh.ts";
import { scriptsOf } from "./support/scripts.ts";
import { adminPassword, type RunningYard, startYard } from "./support/yard-process.ts";

const skip = skipUnless(findPostgres() !== undefined, "PostgreSQL", "apt-get install postgresql") || skipWithoutRedis();
/** How soon a change made at one yard acts at the other. */
const soon = { timeoutMs: 1_000 };

describe("two yards on one PostgreSQL and one Redis", { skip }, () => {
  const opened = new AsyncDisposableStack();
  const masterKey = newSecret();
  let postgres: TestPostgres;
  let redis: TestRedis;
  let one: RunningYard;
  let two: RunningYard;
  let atOne: AppMesh;
  let atTwo: AppMesh;

  before(async () => {
    postgres = opened.use(await startPostgres(findPostgres()!));
    redis = opened.use(await startRedis());
    await postgres.administer("create database yard");
    const shared = ["--database-url", postgres.url("yard"), "--redis-url", redis.url, "--master-key", masterKey];
    // At the same moment: both find an empty database.
    const starting = [startYard(shared), startYard(shared)] as const;
    for (const yard of starting) opened.defer(async () => (await yard)[Symbol.asyncDispose]());
    [one, two] = await Promise.all(starting);
    atOne = await logIn(one.url, "admin", adminPassword);
    atTwo = await logIn(two.url, "admin", adminPassword);
  });
  after(() => opened.disposeAsync());

  const addUser = (name: string, body: object = {}) =>
    atOne.expect("PUT", `/user/${name}`, {
      body: { key: "a long password", group: "lab", exec_user: "", roles: ["manage"], ...body },
    });

  const [atFirst, atSecond] = [scriptsOf(() => one.url), scriptsOf(() => two.url)];

  test("their first start made one administrator", async () => {
    for (const at of [atOne, atTwo]) {
      const users = (await at.expect("GET", "/users")).json<{ name: string }[]>();
      assert.deepEqual(
        users.map(({ name }) => name),
        ["admin"],
      );
    }
  });

  test("each lets in the owner of its data directory without a login", async () => {
    for (const yard of [one, two])
      assert.equal((await appMesh(() => yard.url, yard.local.token).request("GET", "/user/self")).status, 200);
  });

  test("a login at one is good at the other at once, and its end acts there soon", async () => {
    await addUser("ann");
    const login = await fetch(`${one.url}/appmesh/login`, {
      method: "POST",
      headers: { authorization: `Basic ${Buffer.from("ann:a long password").toString("base64")}` },
    });
    const { access_token: token } = (await login.json()) as { access_token: string };
    const [here, there] = [appMesh(() => one.url, token), appMesh(() => two.url, token)];
    assert.equal((await there.request("GET", "/user/self")).status, 200);
    await here.expect("POST", "/self/logoff");
    await until(async () => (await there.request("GET", "/user/self")).status === 401, soon);
  });

  test("a lock at one ends the sessions at the other soon", async () => {
    await addUser("ben");
    const there = await logIn(two.url, "ben", "a long password");
    assert.equal((await there.request("GET", "/user/self")).status, 200);
    await atOne.expect("POST", "/user/ben/lock");
    await until(async () => (await there.request("GET", "/user/self")).status === 401, soon);
  });

  test("what a role grants changes at both", async () => {
    await atOne.expect("POST", "/role/looker", { body: ["app-view-all"] });
    await addUser("cat", { roles: ["looker"] });
    const there = await logIn(two.url, "cat", "a long password");
    assert.notEqual((await there.request("GET", "/labels")).status, 200);
    await atOne.expect("POST", "/role/looker", { body: ["app-view-all", "label-view"] });
    await until(async () => (await there.request("GET", "/labels")).status === 200, soon);
  });

  test("labels and settings are the same at both", async () => {
    await atOne.expect("PUT", "/label/region?value=north");
    assert.equal((await atTwo.expect("GET", "/labels")).json().region, "north");
    const description = async (at: AppMesh) =>
      (await at.expect("GET", "/config")).json<{ BaseConfig: { Description: string } }>().BaseConfig.Description;
    await description(atTwo); // it is remembered now
    await atOne.expect("POST", "/config", { body: { BaseConfig: { Description: "ours" } } });
    await until(async () => (await description(atTwo)) === "ours", soon);
  });

  test("an app runs on the host where it was added; the other yard shows it, and refuses the rest with that host's name", async () => {
    await atOne.expect("PUT", "/app/web", { body: { name: "web", command: "sleep 300" } });
    const listed = (await atTwo.expect("GET", "/applications")).json<{ name: string }[]>();
    assert.ok(listed.some(({ name }) => name === "web"));
    for (const [method, path] of [
      ["GET", "/app/web"],
      ["POST", "/app/web/disable"],
      ["DELETE", "/app/web"],
    ] as const) {
      const reply = await atTwo.request(method, path);
      assert.equal(reply.status, 503, reply.text);
      assert.match(reply.text, /is on the host/);
    }
    await atOne.expect("DELETE", "/app/web");
  });

  test("a script that one runs is seen at the other, and cancelled from there", async () => {
    const { execution_id: id } = await atFirst.ask("exec", {
      code: "console.log('on'); for (;;) {}",
    });
    await until(async () => (await atSecond.ask<{ data: string }>(`executions/${id}/output`)).data === "on");
    await atSecond.ask(`executions/${id}/cancel`, {});
    assert.equal((await atFirst.ask(`executions/${id}`)).status, "cancelled");
  });

  test("while Redis is away both go on, and changes still act at the other within a few seconds", async () => {
    await addUser("dan");
    const there = await logIn(two.url, "dan", "a long password");
    await redis.kill();
    assert.equal((await there.request("GET", "/user/self")).status, 200);
    await atOne.expect("POST", "/user/dan/lock");
    await until(async () => (await there.request("GET", "/user/self")).status === 401, { timeoutMs: 5_000 });
    assert.equal((await fetch(`${two.url}/readyz`)).status, 200);

    await redis.start();
    await addUser("eve");
    await until(async () => {
      const eve = await logIn(two.url, "eve", "a long password");
      assert.equal((await eve.request("GET", "/user/self")).status, 200);
      const began = performance.now();
      await atOne.expect("POST", "/user/eve/lock");
      await until(async () => (await eve.request("GET", "/user/self")).status === 401);
      await atOne.expect("POST", "/user/eve/unlock");
      return performance.now() - began < 1_000; // by the bus again, and not by the clock
    });
  });

  test("when one is killed, the other goes on, and fails what the dead one was running", async () => {
    const { execution_id: id } = await atFirst.ask("exec", { code: "for (;;) {}" });
    await one.kill();
    assert.equal((await atTwo.request("GET", "/user/self")).status, 200);
    const ended = await until(
      async () => {
        const info = await atSecond.ask(`executions/${id}`);
        return info.status === "running" ? undefined : info;
      },
      { timeoutMs: 60_000, intervalMs: 200 },
    );
    assert.deepEqual(
      [ended.status, ended.error],
      ["failed", "Interrupted: the server ended while the script was running."],
    );
    await one.start();
    assert.equal((await fetch(`${one.url}/readyz`)).status, 200);
  });

  test("a yard with another master key does not start, and says why", async () => {
    const args = ["--database-url", postgres.url("yard"), "--master-key", newSecret()];
    await assert.rejects(startYard(args), /has another master key than this one.*RUNYARD_MASTER_KEY/s);
  });
});
