/** An agent that shows a certificate, in a network of its own and with an engine of its own: a cable that is pulled, processes that are killed, and its
 *  end. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../src/platform/clock.ts";
import { selfSignedTls } from "../src/platform/http/tls-self-signed.ts";
import { skipUnless } from "../src/platform/testing/parts.ts";
import { until } from "../src/platform/testing/until.ts";
import type { Invitation } from "./support/agent-certificate.ts";
import { skipWithoutDocker, startDocker } from "./support/docker.ts";
import { checkoutLauncher } from "./support/home.ts";
import { askYard, type JoinedAgent, joinYard } from "./support/joined-agent.ts";
import { freePort, noMachines, openMachine, type TestMachine } from "./support/network.ts";
import { openTestContainers, type TestContainers } from "./support/test-containers.ts";
import { type RunningYard, startYard } from "./support/yard-process.ts";

type Rows = readonly Readonly<Record<string, unknown>>[];

const reason = noMachines();
const skip = skipUnless(reason === undefined, "networks of their own for agents", reason ?? "") || skipWithoutDocker();

describe("an agent with a certificate, elsewhere", { skip }, () => {
  const opened = new AsyncDisposableStack();
  let machine: TestMachine;
  let containers: TestContainers;
  let yard: RunningYard;
  let invitation: Invitation;
  let agent: JoinedAgent;

  async function ask<T>(status: number, method: string, path: string, body?: unknown): Promise<T> {
    const reply = await askYard<T>(yard.local, method, `/api/v1${path}`, body);
    assert.equal(reply.status, status, `${method} ${path}: ${reply.text}`);
    return reply.json;
  }
  const statusNow = async () => (await ask<{ status: string }>(200, "GET", `/agents/${invitation.agent.id}`)).status;
  const isOnline = (timeoutMs = 60_000) =>
    until(async () => (await statusNow()) === "online", { what: "the agent is online", timeoutMs });
  const names = async () =>
    (await ask<Rows>(200, "GET", `/containers?host=${invitation.agent.id}`)).flatMap(({ Names }) => Names);

  before(async () => {
    machine = opened.use(await openMachine());
    const docker = opened.use(await startDocker());
    containers = opened.use(await openTestContainers(docker.socketPath));
    const [port, agentsPort] = [await freePort(), await freePort()];
    const on = (chosen: number) => ["127.0.0.1", machine.gateway].map((address) => `${address}:${chosen}`).join(",");
    const engine = ["--docker-socket", join(tmpdir(), "no-engine.sock")];
    yard = opened.use(await startYard(["--listen", on(port), "--listen-agents", on(agentsPort), ...engine]));
    invitation = await ask<Invitation>(201, "POST", "/agents", { name: "rig" });
    agent = opened.use(
      await joinYard(yard.local, {
        inside: machine.inside,
        url: `http://${machine.gateway}:${port}`,
        invitation: { id: invitation.agent.id, token: invitation.token },
        args: ["--docker-socket", docker.socketPath],
      }),
    );
    await isOnline();
  });
  after(() => opened.disposeAsync());

  test("its engine is a host of the fleet, and its key has never left it", async () => {
    await containers.run("web", ["sleep", "100000"], { StopTimeout: 0 });
    assert.deepEqual(await names(), ["/web"]);
    await ask(204, "POST", `/containers/web/stop?host=${invitation.agent.id}`);
    assert.deepEqual(await names(), []);
    await ask(204, "POST", `/containers/web/start?host=${invitation.agent.id}`);
    const kept = join(agent.directory, "certificate.json");
    assert.equal((await stat(kept)).mode & 0o777, 0o600);
    const { holder } = JSON.parse(await readFile(kept, "utf8"));
    assert.match(holder.key, /BEGIN PRIVATE KEY/);
    const shown = await ask<Record<string, unknown>>(200, "GET", `/agents/${invitation.agent.id}`);
    assert.ok(shown.version && shown.hostname && shown.docker_version && shown.cert_fingerprint && shown.last_seen_at);
  });

  test("it is back by itself after the yard was killed, and after it was killed itself", async () => {
    await yard.kill();
    await yard.start();
    await isOnline();
    assert.deepEqual(await names(), ["/web"]);
    await agent.end("SIGKILL");
    await agent.start(); // without the token, which was used up
    await isOnline();
    assert.deepEqual(await names(), ["/web"]);
  });

  test("a pulled cable is noticed within 45 seconds, costs nobody else a wait, and heals", async () => {
    await machine.unplug();
    await until(async () => (await statusNow()) === "offline", { timeoutMs: 45_000, what: "it is noticed" });
    const since = performance.now();
    const { unreachable_hosts: away } = await ask<{ unreachable_hosts: Rows }>(200, "GET", "/containers?host=all");
    assert.ok(away.some((host) => host.host_id === invitation.agent.id && host.error === "agent offline"));
    assert.ok(performance.now() - since < 3_500);
    await ask(503, "GET", `/containers?host=${invitation.agent.id}`);
    await machine.plug();
    await isOnline();
    assert.deepEqual(await names(), ["/web"]);
  });

  test("it does not speak to a server that is not certified by the yard it has joined", async () => {
    const directory = await mkdtemp(join(tmpdir(), "runyard-rogue-"));
    try {
      const material = await selfSignedTls(join(directory, "tls"), { clock: systemClock }).load();
      let requests = 0;
      await using rogue = await listen(createServer({ ...material, requestCert: true, rejectUnauthorized: false }));
      rogue.server.on("upgrade", () => void requests++);
      const stolen = JSON.parse(await readFile(join(agent.directory, "certificate.json"), "utf8"));
      const pointed = { ...stolen, holder: { ...stolen.holder, agentUrl: `wss://127.0.0.1:${rogue.port}/connect` } };
      await copyFile(join(agent.directory, "certificate.json"), join(directory, "certificate.json"));
      await writeFile(join(directory, "certificate.json"), JSON.stringify(pointed));
      const join_ = ["agent", "--join", stolen.yard.url, "--data", directory];
      const child = spawn(process.execPath, [checkoutLauncher, ...join_], { stdio: ["ignore", "ignore", "pipe"] });
      let said = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
      await until(() => /Cannot connect to wss:.*certificate/.test(said), { what: "it says why", timeoutMs: 30_000 });
      child.kill("SIGINT");
      await once(child, "exit");
      assert.equal(requests, 0);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  test("once it is removed it is cut off within five seconds, and ends; its containers run on", async () => {
    const since = performance.now();
    await ask(204, "DELETE", `/agents/${invitation.agent.id}`);
    await ask(503, "GET", `/containers?host=${invitation.agent.id}`);
    assert.ok(performance.now() - since < 5_000);
    assert.equal(await agent.ended(), 0);
    assert.deepEqual(await containers.processes("web"), ["sleep 100000"]);
  });
});

async function listen(server: Server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address);
  return {
    server,
    port: address.port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
