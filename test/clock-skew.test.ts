/** threats.md F8: hosts whose clocks are five minutes apart. What is waited for goes by the database's clock, or by none. */
import assert from "node:assert/strict";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { askMitosis } from "../src/apis/mitosis/testing.ts";
import { newSecret } from "../src/platform/crypto/secrets.ts";
import { findPostgres, startPostgres } from "../src/platform/db/testing-postgres.ts";
import { skipUnless } from "../src/platform/testing/parts.ts";
import { skipWithoutRedis, startRedis } from "../src/platform/testing/redis.ts";
import { temporaryDirectory } from "../src/platform/testing/temporary-directory.ts";
import { until } from "../src/platform/testing/until.ts";
import { appMesh } from "./support/appmesh.ts";
import { checkoutLauncher, type Home, openHome } from "./support/home.ts";
import { adminPassword, type RunningYard, startYard } from "./support/yard-process.ts";

const [faketime] = globSync("/usr/lib/*/faketime/libfaketime.so.1");
const skip =
  skipUnless(faketime !== undefined, "libfaketime", "apt-get install faketime") ||
  skipUnless(findPostgres() !== undefined, "PostgreSQL", "apt-get install postgresql") ||
  skipWithoutRedis();

/** The clock on the wall is wrong there; time passes as it does everywhere. */
const openSkewedHome = (minutes: number) =>
  openHome(checkoutLauncher, {
    ...{ LD_PRELOAD: faketime, FAKETIME: `${minutes > 0 ? "+" : ""}${minutes}m`, FAKETIME_DONT_FAKE_MONOTONIC: "1" },
  });

describe("yards and workers whose clocks are five minutes apart", { skip }, () => {
  const opened = new AsyncDisposableStack();
  const directory = opened.use(temporaryDirectory());
  let early: Home;
  let right: RunningYard;
  let late: RunningYard;

  before(async () => {
    const postgres = opened.use(await startPostgres(findPostgres()!));
    const redis = opened.use(await startRedis());
    await postgres.administer("create database yard");
    const shared = ["--database-url", postgres.url("yard"), "--redis-url", redis.url, "--master-key", newSecret()];
    const lateHome = opened.use(openSkewedHome(5));
    early = opened.use(openSkewedHome(-5));
    right = opened.use(await startYard([...shared, "--worker-slots", "0"]));
    late = opened.use(await startYard([...shared, "--worker-slots", "0"], lateHome));
  });
  after(() => opened.disposeAsync());

  const ask = async <T>(yard: RunningYard, path: string, body?: object): Promise<T> => {
    const method = body === undefined ? "GET" : "POST";
    const reply = await askMitosis<T>(yard.url, method, path, { token: yard.local.token, ...(body && { body }) });
    assert.equal(reply.status, 200, reply.text);
    return reply.json;
  };
  const submit = async (yard: RunningYard, command: string): Promise<string> => {
    const task_spec = { args: ["sh", "-c", command], envs: {} };
    const rest = { group_name: "admin", tags: [], labels: [], timeout: "10m", priority: 0 };
    return (await ask<{ uuid: string }>(yard, "/tasks", { ...rest, task_spec })).uuid;
  };
  const stateOf = async (yard: RunningYard, uuid: string) =>
    (await ask<{ info: { state: string } }>(yard, `/tasks/${uuid}`)).info.state;
  const startWorker = (home: Home, yard: RunningYard, name: string, lease = "30s") =>
    home.start([
      ...["worker", "--yard-directory", yard.data, "--directory", join(directory.path, name)],
      ...["--slots", "1", "--lease", lease],
    ]);

  test("who signs in at one is signed in at the other, either way", async () => {
    const dates = await Promise.all([right, late].map(async ({ url }) => (await fetch(url)).headers.get("date")));
    const [here, there] = dates.map((date) => Date.parse(date ?? ""));
    assert.ok(Math.abs(there! - here! - 300_000) < 60_000, "the clocks are apart");
    for (const [one, other] of [
      [right, late],
      [late, right],
    ] as const) {
      const authorization = `Basic ${Buffer.from(`admin:${adminPassword}`).toString("base64")}`;
      const login = await appMesh(() => one.url, undefined).expect("POST", "/login", { headers: { authorization } });
      const { access_token: token } = login.json<{ access_token: string }>();
      assert.equal((await appMesh(() => other.url, token).request("GET", "/user/self")).status, 200);
    }
  });

  test("each task runs once, whoever's clock it passes", async () => {
    const log = join(directory.path, "runs");
    const workers = [startWorker(early, late, "early"), startWorker(early, right, "right")];
    const tasks: [RunningYard, string][] = [];
    for (let n = 0; n < 20; n++) {
      const yard = n % 2 === 0 ? right : late;
      tasks.push([yard === right ? late : right, await submit(yard, `echo ${n} >> ${log}`)]);
    }
    for (const [yard, uuid] of tasks) {
      await until(async () => (await stateOf(yard, uuid)) === "Finished", { timeoutMs: 60_000, what: "it ends" });
    }
    const lines = readFileSync(log, "utf8").trim().split("\n").map(Number);
    assert.deepEqual(
      lines.sort((a, b) => a - b),
      tasks.map((_, n) => n),
    );
    for (const worker of workers) {
      worker.kill("SIGTERM");
      assert.equal((await worker.ended).code, 0);
    }
  });

  test("a task of a worker that died is given away after its lease: no sooner, and not five minutes later", async () => {
    const gate = join(directory.path, "gate");
    const dying = startWorker(early, late, "dies", "4s");
    const uuid = await submit(right, `echo run >> ${gate}.runs; until test -e ${gate}; do sleep 0.1; done`);
    await until(async () => (await stateOf(late, uuid)) === "Running", { what: "it runs" });
    for (let look = 0; look < 24; look++, await sleep(250)) {
      assert.equal(await stateOf(right, uuid), "Running", "its worker is alive");
    }
    dying.kill("SIGKILL");
    await until(async () => (await stateOf(right, uuid)) === "Ready", { timeoutMs: 30_000, what: "its lease is over" });
    writeFileSync(gate, "");
    const next = startWorker(early, late, "next");
    await until(async () => (await stateOf(right, uuid)) === "Finished", { timeoutMs: 60_000, what: "it ends" });
    assert.equal(readFileSync(`${gate}.runs`, "utf8"), "run\nrun\n");
    next.kill("SIGTERM");
    assert.equal((await next.ended).code, 0);
  });
});
