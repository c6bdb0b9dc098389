/** Capsules of a yard that is killed, or whose agent is: whatever the moment, what runs goes on, and nothing is left that nobody knows of. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { skipWithoutNamespaces } from "../src/capsules/testing.ts";
import { createAgentHost } from "../src/hosts/agent-host.ts";
import { connectTo, silentLog } from "../src/hosts/testing.ts";
import { until } from "../src/platform/testing/until.ts";
import { adminPassword, type RunningYard, startYard } from "./support/yard-process.ts";

interface ShownCapsule {
  readonly id: string;
  readonly status: string;
}

/** Good for every life of the yard. */
let token: string | undefined;

/** What `admin` asks of the yard that runs now. */
async function ask<T>(yard: RunningYard, method: string, path: string, body?: object): Promise<T> {
  token ??= (await send<{ token: string }>(yard, "POST", "/auth/login", { email: "admin", password: adminPassword }))
    .token;
  return send<T>(yard, method, path, body);
}

async function send<T>(yard: RunningYard, method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(`${yard.url}/v1${path}`, {
    method,
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

const create = (yard: RunningYard) => ask<ShownCapsule>(yard, "POST", "/capsules", {});
const list = (yard: RunningYard) => ask<ShownCapsule[]>(yard, "GET", "/capsules");
const statusOf = async (yard: RunningYard, id: string) =>
  (await ask<ShownCapsule>(yard, "GET", `/capsules/${id}`)).status;

async function print(yard: RunningYard, id: string, command: string): Promise<string> {
  const body = { cmd: "sh", args: ["-c", command] };
  const { stdout } = await ask<{ stdout: string }>(yard, "POST", `/capsules/${id}/exec`, body);
  return stdout;
}

/** What the agent has, as it says itself. */
async function sandboxesOf({ data }: RunningYard): Promise<readonly string[]> {
  const socketPath = join(data, "agent", "agent.sock");
  await using connection = connectTo({ socketPath });
  return (await createAgentHost("host", connection, silentLog).sandboxes()).map(({ id }) => id);
}

describe("capsules of a yard that is killed", { skip: skipWithoutNamespaces, timeout: 180_000 }, () => {
  let yard: RunningYard;
  before(async () => {
    yard = await startYard();
  });
  after(async () => {
    for (const { id } of await list(yard)) await ask(yard, "DELETE", `/capsules/${id}`);
    await yard[Symbol.asyncDispose]();
  });

  const counting = "i=0; while :; do i=$((i+1)); echo $i > /root/count; sleep 0.05; done";
  const countIn = async (id: string) => Number(await print(yard, id, "cat /root/count 2>/dev/null || echo 0"));
  const processesOf = async (id: string) =>
    (await ask<{ processes: { pid: number; tag?: string }[] }>(yard, "GET", `/capsules/${id}/processes`)).processes;

  for (const { victims, kill } of [
    { victims: "the yard", kill: () => yard.kill() },
    {
      victims: "the yard and its agent",
      async kill() {
        const agent = yard.agentPid();
        assert.ok(agent);
        process.kill(agent, "SIGKILL");
        await yard.kill();
      },
    },
  ])
    test(`go on while ${victims} is killed and started again`, async () => {
      const { id } = await create(yard);
      const asleep = await create(yard);
      const counter = { cmd: "sh", args: ["-c", counting], background: true, tag: "counter" };
      const { pid } = await ask<{ pid: number }>(yard, "POST", `/capsules/${id}/exec`, counter);
      const before = await until(() => countIn(id));
      await ask(yard, "POST", `/capsules/${asleep.id}/pause`, {});
      await kill();
      await yard.start();
      assert.equal(await statusOf(yard, id), "running");
      assert.equal(await statusOf(yard, asleep.id), "paused");
      const found = (await processesOf(id)).find(({ tag }) => tag === "counter");
      assert.equal(found?.pid, pid, "it was started anew");
      await until(async () => (await countIn(id)) > before + 1);
      await ask(yard, "POST", `/capsules/${asleep.id}/resume`, {});
      for (const one of [id, asleep.id]) await ask(yard, "DELETE", `/capsules/${one}`);
      assert.deepEqual(await sandboxesOf(yard), []);
    });

  test("keep their files through a proper end, which leaves nothing else of them on the machine", async () => {
    const running = await create(yard);
    const asleep = await create(yard);
    for (const { id } of [running, asleep]) await print(yard, id, "echo kept > /root/note");
    await ask(yard, "POST", "/snapshots", { sandbox_id: running.id, name: "kept" });
    await ask(yard, "POST", `/capsules/${running.id}/resume`, {});
    await ask(yard, "POST", `/capsules/${asleep.id}/pause`, {});
    await yard.stop("SIGINT");
    const mounts = (await readFile("/proc/self/mountinfo", "utf8")).split("\n");
    assert.deepEqual(
      mounts.filter((line) => line.includes(yard.data)),
      [],
    );
    await yard.start();
    for (const { id } of [running, asleep]) {
      await until(async () => (await statusOf(yard, id)) === "hibernated");
      await ask(yard, "POST", `/capsules/${id}/resume`, {});
      assert.equal(await print(yard, id, "cat /root/note"), "kept\n");
      await ask(yard, "DELETE", `/capsules/${id}`);
    }
    await ask(yard, "DELETE", "/snapshots/kept");
  });

  test("are whole or not at all, when it is killed while they are made and ended", async () => {
    for (const delayMs of [0, 15, 30, 60]) {
      const ending = await create(yard);
      const cut = Promise.allSettled([create(yard), create(yard), ask(yard, "DELETE", `/capsules/${ending.id}`)]);
      await new Promise((resolve) => setTimeout(resolve, delayMs)); // where it is then is chance
      await yard.kill();
      await cut;
      await yard.start();
      await until(async () => (await list(yard)).every(({ status }) => status === "running"), {
        what: "nothing is half made",
      });
      const known = await list(yard);
      await until(async () => (await sandboxesOf(yard)).length === known.length, { what: "nothing is left of others" });
      for (const { id } of known) {
        assert.equal(await print(yard, id, "echo works"), "works\n");
        await ask(yard, "DELETE", `/capsules/${id}`);
      }
    }
  });
});
