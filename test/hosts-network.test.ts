/** A yard and two agents, each in a network of its own: cables that are pulled, and processes that are killed, while capsules run. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { idFromWire, idToWire } from "../src/apis/wrenn/ids.ts";
import { skipUnless } from "../src/platform/testing/parts.ts";
import { until } from "../src/platform/testing/until.ts";
import { findPrograms } from "../src/sandboxes/namespace/availability.ts";
import { askYard, type JoinedAgent, joinYard } from "./support/joined-agent.ts";
import { freePort, noMachines, openMachine, type TestMachine } from "./support/network.ts";
import { type RunningYard, startYard } from "./support/yard-process.ts";

interface Remote {
  readonly machine: TestMachine;
  readonly agent: JoinedAgent;
}

const { availability } = await findPrograms();
const reason = availability.usable ? noMachines() : availability.reason;
const skip = skipUnless(reason === undefined, "networks of their own for sandboxes and agents", reason ?? "");

describe("agents in other networks", { skip }, () => {
  const opened = new AsyncDisposableStack();
  let yard: RunningYard;
  let remotes: readonly Remote[];

  before(async () => {
    const machines = [opened.use(await openMachine()), opened.use(await openMachine())];
    const port = await freePort();
    const listen = ["127.0.0.1", ...machines.map(({ gateway }) => gateway)].map((address) => `${address}:${port}`);
    yard = opened.use(await startYard(["--listen", listen.join(",")]));
    remotes = await Promise.all(
      machines.map(async (machine) => {
        const { inside, gateway } = machine;
        const url = `http://${gateway}:${port}`;
        return { machine, agent: opened.use(await joinYard(yard.local, { inside, url })) };
      }),
    );
    await until(async () => (await connectedHosts(yard)).size === 3, { what: "all three hosts are connected" });
  });
  after(async () => {
    const { json } = await askYard<{ id: string }[]>(yard.local, "GET", "/v1/capsules");
    await Promise.all(json.map(({ id }) => askYard(yard.local, "DELETE", `/v1/capsules/${id}`)));
    await opened.disposeAsync();
  });

  /** A capsule on that host: they are spread, so it comes sooner or later. */
  async function capsuleOn({ agent }: Remote): Promise<string> {
    for (let tries = 0; tries < 40; tries++) {
      const { status, json, text } = await askYard<{ id: string }>(yard.local, "POST", "/v1/capsules", {
        memory_mb: 128,
      });
      assert.equal(status, 201, text);
      if (hostOf(yard, json.id) === agent.wireId) return json.id;
      await sleep(100); // a host that has just come says a moment later what it can do
    }
    assert.fail(`no capsule has come to ${agent.wireId}`);
  }

  async function shell(capsule: string, script: string, background = false): Promise<string> {
    const body = { cmd: "/bin/sh", args: ["-c", script], background };
    const { status, json, text } = await askYard<{ stdout: string }>(
      yard.local,
      "POST",
      `/v1/capsules/${capsule}/exec`,
      body,
    );
    assert.ok(status < 300, text);
    return json.stdout;
  }

  /** Counts, ten times a second, into a file that a second one would spoil. */
  const startCounter = (capsule: string) =>
    shell(capsule, "i=0; while true; do echo $i >> /tmp/count; i=$((i+1)); sleep 0.1; done", true);
  const counted = async (capsule: string) => (await shell(capsule, "cat /tmp/count")).trim().split("\n").map(Number);
  const assertUnbroken = (numbers: readonly number[]) => assert.deepEqual(numbers, [...numbers.keys()]);

  async function assertGoesOn(capsule: string): Promise<void> {
    const before = await counted(capsule);
    await until(async () => (await counted(capsule)).length > before.length + 3, { what: "it counts on" });
    assertUnbroken(await counted(capsule));
  }

  test("a capsule there runs on while the yard is killed, and is found again", async () => {
    const capsule = await capsuleOn(remotes[0]!);
    await startCounter(capsule);
    await assertGoesOn(capsule);
    await yard.kill();
    await yard.start();
    await until(async () => (await connectedHosts(yard)).size === 3, {
      what: "the agents are back",
      timeoutMs: 60_000,
    });
    await until(async () => (await statusOf(yard, capsule)) === "running");
    await assertGoesOn(capsule);
  });

  test("a capsule there runs on while its agent is killed", async () => {
    const remote = remotes[1]!;
    const capsule = await capsuleOn(remote);
    await startCounter(capsule);
    await assertGoesOn(capsule);
    await remote.agent.end("SIGKILL");
    await remote.agent.start();
    await until(async () => (await connectedHosts(yard)).size === 3);
    await assertGoesOn(capsule);
  });

  test("a pulled cable is noticed within 45 seconds; when it is back, all is as it was, and nothing was done twice", async () => {
    const { machine, agent } = remotes[0]!;
    const capsule = await capsuleOn(remotes[0]!);
    await startCounter(capsule);
    await machine.unplug();
    const during = shell(capsule, "echo once >> /tmp/log").catch(() => undefined); // it may be refused: then it is not done later
    await until(async () => !(await connectedHosts(yard)).has(agent.wireId), {
      timeoutMs: 45_000,
      what: "it is noticed",
    });
    const refused = await askYard(yard.local, "POST", `/v1/capsules/${capsule}/exec`, { cmd: "true" });
    assert.ok(refused.status === 503 || refused.status === 409, refused.text);
    await during;
    await machine.plug();
    await until(async () => (await connectedHosts(yard)).size === 3, {
      timeoutMs: 60_000,
      what: "it is connected again",
    });
    await until(async () => (await statusOf(yard, capsule)) === "running");
    await assertGoesOn(capsule);
    assert.ok((await shell(capsule, "cat /tmp/log 2>/dev/null | wc -l")).trim() <= "1");
  });
});

/** Which host a capsule is on is nobody's affair but the yard's: it is in its table. */
function hostOf({ data }: RunningYard, capsule: string): string {
  const database = new DatabaseSync(join(data, "runyard.db"), { readOnly: true });
  try {
    const row = database.prepare("select host_id from capsules where id = ?").get(idFromWire("capsule", capsule));
    return idToWire("host", String(row?.host_id));
  } finally {
    database.close();
  }
}

/** By their ids as Wrenn's API spells them. */
async function connectedHosts({ local }: RunningYard): Promise<ReadonlySet<string>> {
  const { json: yards } = await askYard<{ items: { id: string; connected: boolean }[] }>(
    local,
    "GET",
    "/yard/v1/hosts",
  );
  return new Set(yards.items.filter(({ connected }) => connected).map(({ id }) => idToWire("host", id)));
}

async function statusOf({ local }: RunningYard, capsule: string): Promise<string> {
  return (await askYard<{ status: string }>(local, "GET", `/v1/capsules/${capsule}`)).json.status;
}
