/** deploy/haproxy.cfg before two yards, as compose.yaml runs it: with nothing changed but where the yards are, and how many connections there may be. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { newSecret } from "../src/platform/crypto/secrets.ts";
import { findPostgres, startPostgres } from "../src/platform/db/testing-postgres.ts";
import { freePort } from "../src/platform/testing/free-port.ts";
import { skipUnless } from "../src/platform/testing/parts.ts";
import { skipWithoutRedis, startRedis } from "../src/platform/testing/redis.ts";
import { temporaryDirectory } from "../src/platform/testing/temporary-directory.ts";
import { until } from "../src/platform/testing/until.ts";
import { type AppMesh, logIn } from "./support/appmesh.ts";
import { adminPassword, type RunningYard, startYard } from "./support/yard-process.ts";

const program = "/usr/sbin/haproxy";
const skip =
  skipUnless(existsSync(program), "HAProxy", "apt-get install haproxy") ||
  skipUnless(findPostgres() !== undefined, "PostgreSQL", "apt-get install postgresql") ||
  skipWithoutRedis();

describe("two yards behind HAProxy", { skip }, () => {
  const opened = new AsyncDisposableStack();
  const yards: RunningYard[] = [];
  let url: string;
  let api: AppMesh;
  let seen = "";

  before(async () => {
    const postgres = opened.use(await startPostgres(findPostgres()!));
    const redis = opened.use(await startRedis());
    await postgres.administer("create database yard");
    const shared = ["--database-url", postgres.url("yard"), "--redis-url", redis.url, "--master-key", newSecret()];
    const [bind, ...ports] = [await freePort(), await freePort(), await freePort()];
    for (const port of ports) {
      const here = ["--listen", `127.0.0.1:${port}`, "--trusted-proxies", "127.0.0.1", "--worker-slots", "1"];
      yards.push(opened.use(await startYard([...shared, ...here])));
    }
    url = `http://127.0.0.1:${bind}`;
    const directory = opened.use(temporaryDirectory());
    const file = join(directory.path, "haproxy.cfg");
    const shipped = readFileSync(new URL("../deploy/haproxy.cfg", import.meta.url), "utf8");
    const ours = shipped
      .replace("maxconn 20000", "maxconn 500") // there may be a lower limit of descriptors here
      .replace("bind :7700", `bind 127.0.0.1:${bind}`)
      .replaceAll(/ yard-([12]):7700/g, (_, number) => ` 127.0.0.1:${ports[Number(number) - 1]}`);
    writeFileSync(file, ours);
    const balancer = spawn(program, ["-db", "-f", file], { stdio: ["ignore", "pipe", "ignore"] });
    opened.defer(async () => {
      balancer.kill("SIGKILL");
      await once(balancer, "exit");
    });
    balancer.stdout.on("data", (bytes: Buffer) => {
      seen += bytes;
    });
    await until(
      () =>
        fetch(`${url}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      { what: "it passes requests on" },
    );
    api = await logIn(url, "admin", adminPassword);
  });
  after(() => opened.disposeAsync());

  /** What of so many requests for a path each yard has got, by the balancer's log, which is written a little later. */
  async function shareOf(path: string, times: number, ask: () => Promise<unknown>): Promise<readonly [number, number]> {
    seen = "";
    for (let n = 0; n < times; n++) await ask();
    const lines = () => seen.split("\n").filter((line) => line.includes(` ${path} `));
    await until(() => lines().length >= times);
    const count = (name: string) => lines().filter((line) => line.includes(`/${name} `)).length;
    return [count("yard-1"), count("yard-2")];
  }
  const shareOfReady = (times: number) =>
    shareOf("/readyz", times, async () => assert.equal((await fetch(`${url}/readyz`)).status, 200));

  test("any yard gets what any yard can answer", async () => {
    const [one, two] = await shareOfReady(20);
    assert.ok(one > 0 && two > 0, `${one} and ${two}`);
  });

  test("an app and its output are always met at the yard where they live", async () => {
    await api.expect("PUT", "/app/talker", { body: { name: "talker", shell: true, command: "echo said; sleep 600" } });
    const shares = await shareOf("/appmesh/app/talker/output", 10, () =>
      until(async () => (await api.expect("GET", "/app/talker/output")).text === "said\n"),
    );
    assert.ok(shares.includes(0), `${shares}`);
    await api.expect("DELETE", "/app/talker");
  });

  test("one yard dies: every request is answered by the other, and the first is used again when it is back", async () => {
    await yards[0]!.kill();
    const [one] = await shareOfReady(30);
    assert.equal(one, 0);
    await yards[0]!.start();
    await until(async () => (await shareOfReady(4))[0] > 0, { timeoutMs: 30_000, what: "it is used again" });
  });
});
