/** Agents that have joined a yard in this process: each is a process of its own, and everything goes through its tunnel. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { WebSocket } from "ws";
import { skipUnless } from "../src/platform/testing/parts.ts";
import { until } from "../src/platform/testing/until.ts";
import { describeSandboxDriver } from "../src/sandboxes/conformance.ts";
import { findPrograms } from "../src/sandboxes/namespace/availability.ts";
import { askYard } from "./support/joined-agent.ts";
import { type JoinedYard, openThroughTunnel, openYard } from "./support/joined-yard.ts";

describeSandboxDriver("host, through a tunnel", () => openThroughTunnel("host"));

const { availability } = await findPrograms();
const skip = skipUnless(availability.usable, "what namespace sandboxes need", JSON.stringify(availability));
describeSandboxDriver("namespace, through a tunnel", () => openThroughTunnel("namespace"), { skip });

describe("a host that has joined", () => {
  let yard: JoinedYard;
  before(async () => {
    yard = await openYard();
  });
  after(() => yard[Symbol.asyncDispose]());

  test("is online with what its machine has, and its credentials are its agent's alone", async () => {
    const { agent, host } = await yard.join({ body: { type: "regular", name: "rig", tags: ["gpu"] } });
    await using _agent = agent;
    const seen = await until(async () => {
      const { json } = await askYard<Record<string, unknown>>(yard.local, "GET", `/v1/hosts/${agent.wireId}`);
      return json.memory_mb === undefined ? undefined : json;
    });
    assert.deepEqual([seen.name, seen.status, seen.type, seen.tags], ["rig", "online", "regular", ["gpu"]]);
    assert.ok(Number(seen.memory_mb) > 0 && Number(seen.cpu_cores) > 0 && Number(seen.disk_gb) > 0);
    assert.equal((await host.info()).pid, agent.pid);
    assert.equal((await stat(join(agent.directory, "host.json"))).mode & 0o777, 0o600);
  });

  test("is found again after its agent was killed: what runs there goes on, and a reader misses nothing", async () => {
    const { agent, host } = await yard.join();
    await using _agent = agent;
    const sandbox = await host.driver("host").create({ id: `s-${randomUUID()}` });
    const counter = await sandbox.exec({
      id: "counter",
      argv: ["sh", "-c", "i=0; while [ $i -lt 30 ]; do echo $i; i=$((i+1)); sleep 0.1; done"],
    });
    const reading = text(counter.output.follow({ position: 0 }));
    const repeated = () => sandbox.exec({ id: "counter", argv: ["sh", "-c", "echo started twice"] });
    await agent.end("SIGKILL");
    await agent.start();
    assert.equal((await repeated()).pid, counter.pid, "the same call again starts nothing");
    assert.equal(await reading, Array.from({ length: 30 }, (_, number) => `${number}\n`).join(""));
    await sandbox.destroy({ graceMs: 0 });
  });

  test("keeps what runs when its agent is told to end by SIGTERM", async () => {
    const { agent, host } = await yard.join();
    await using _agent = agent;
    const sandbox = await host.driver("host").create({ id: `s-${randomUUID()}` });
    const sleeper = await sandbox.exec({ id: "sleeper", argv: ["sleep", "300"] });
    assert.equal(await agent.end("SIGTERM"), 0);
    assert.doesNotThrow(() => process.kill(sleeper.pid, 0));
    await agent.start();
    const [found] = await until(async () => {
      const processes = await sandbox.processes();
      return processes.length > 0 ? processes : undefined;
    });
    assert.equal(found?.pid, sleeper.pid);
    await sandbox.destroy({ graceMs: 0 });
  });

  test("serves the newest of its tunnels: an older one is cut", async () => {
    const { agent, host } = await yard.join();
    await using _agent = agent;
    const { credentials } = JSON.parse(await readFile(join(agent.directory, "host.json"), "utf8"));
    const socket = new WebSocket(`${yard.local.url.replace("http", "ws")}/yard/v1/hosts/${host.id}/tunnel`, {
      headers: { authorization: `Bearer ${credentials.token}` },
    });
    await new Promise((resolve) => socket.once("open", resolve));
    await until(() => agent.said().split("Connected to").length > 2, { what: "the agent was cut, and has come again" });
    await until(() => socket.readyState === socket.CLOSED, { what: "so the other one was cut in its turn" });
    await until(async () => (await host.info()).pid === agent.pid);
  });

  test("is cut and ended within seconds of its removal, and does not come back", async () => {
    const { agent, host } = await yard.join();
    await using _agent = agent;
    const sandbox = await host.driver("host").create({ id: `s-${randomUUID()}` });
    const sleeper = await sandbox.exec({ id: "sleeper", argv: ["sleep", "300"] });
    assert.equal((await askYard(yard.local, "DELETE", `/v1/hosts/${agent.wireId}`)).status, 204);
    assert.equal(await agent.ended(), 0);
    assert.throws(() => process.kill(sleeper.pid, 0), { code: "ESRCH" });
    assert.throws(() => yard.opened.yard.hosts.get(host.id), { code: "not_found" });
    await assert.rejects(agent.start(), /The yard has removed this host|does not take/);
  });

  test("is cut within seconds when a token of it turns out to be stolen", async () => {
    const { agent, host } = await yard.join();
    await using _agent = agent;
    const { credentials } = JSON.parse(await readFile(join(agent.directory, "host.json"), "utf8"));
    const refresh = (refreshToken: string, useName: string) =>
      askYard<{ refreshToken: string }>(yard.local, "POST", "/yard/v1/hosts/refresh", { refreshToken, useName });
    const first = await refresh(credentials.refreshToken, "thief");
    await refresh(first.json.refreshToken, "thief");
    assert.equal((await refresh(credentials.refreshToken, "agent")).status, 401);
    await until(() => !host.connected, { what: "the tunnel is cut" });
    const { json } = await askYard<{ status: string }>(yard.local, "GET", `/v1/hosts/${agent.wireId}`);
    assert.equal(json.status, "pending");
  });

  for (const { what, header, status } of [
    { what: "nobody's", header: undefined, status: 401 },
    { what: "a user's", header: "user", status: 401 },
    { what: "another host's", header: "other", status: 403 },
  ] as const) {
    test(`refuses a tunnel of ${what}`, async () => {
      const { agent, host } = await yard.join();
      await using _agent = agent;
      const added = await askYard<{ registration_token: string }>(yard.local, "POST", "/v1/hosts", { type: "regular" });
      const other = await askYard<{ token: string }>(yard.local, "POST", "/v1/hosts/register", {
        ...{ token: added.json.registration_token, address: "10.0.0.1:1" },
      });
      const tokens = { user: yard.local.token, other: other.json.token };
      const socket = new WebSocket(`${yard.local.url.replace("http", "ws")}/yard/v1/hosts/${host.id}/tunnel`, {
        headers: header === undefined ? {} : { authorization: `Bearer ${tokens[header]}` },
      });
      const [, response] = await new Promise<[unknown, { statusCode?: number }]>((resolve) =>
        socket.once("unexpected-response", (request, answer) => resolve([request, answer])),
      );
      assert.equal(response.statusCode, status);
      assert.equal(host.connected, true);
      socket.on("error", () => {}).terminate();
    });
  }

  test("a host's token opens nothing that is a user's", async () => {
    const { agent } = await yard.join();
    await using _agent = agent;
    const { credentials } = JSON.parse(await readFile(join(agent.directory, "host.json"), "utf8"));
    for (const path of ["/v1/hosts", "/v1/capsules", "/yard/v1/self", "/appmesh/applications"])
      assert.equal((await askYard({ ...yard.local, token: credentials.token }, "GET", path)).status, 401, path);
  });
});
