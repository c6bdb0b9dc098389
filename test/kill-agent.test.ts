/** threats.md F2: `kill -9` of the agent at random points under load. */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../src/platform/testing/until.ts";
import { type AppMesh, appMesh } from "./support/appmesh.ts";
import { startMixedLoad, startWatchedApps } from "./support/mixed-load.ts";
import { mainProcesses } from "./support/processes.ts";
import { type RunningYard, startYard } from "./support/yard-process.ts";

const kills = 20;

test(`the agent is killed ${kills} times: apps keep their processes and their output, no exit code is invented`, async () => {
  await using yard = await startYard();
  const mark = yard.data;
  const api = appMesh(() => yard.url, yard.local.token);
  await startWatchedApps(api, mark);
  const before = await Promise.all(["steady", "counter"].map((name) => view(api, name)));

  const load = startMixedLoad(api, { clients: 2, mark });
  for (let kill = 0; kill < kills; kill++) {
    await sleep(randomInt(20, 300));
    await killAgent(yard);
  }
  await load.stop();

  await load.verify(api);
  const after = await Promise.all(["steady", "counter"].map((name) => view(api, name)));
  assert.deepEqual(
    after.map((app) => app.pid),
    before.map((app) => app.pid),
  );
  assert.deepEqual(
    after.map((app) => app.starts),
    [1, 1],
  );
  await until(async () => (await duplicates(mark)).length === 0);
  const lines = (await api.expect("GET", "/app/counter/output")).text.split("\n").slice(0, -1).map(Number);
  assert.deepEqual(
    lines,
    lines.map((_, index) => index + 1),
  );
});

test("an exit that happened while the agent was dead is unknown, and the app is started again by its rule", async () => {
  await using yard = await startYard();
  const api = appMesh(() => yard.url, yard.local.token);
  await api.expect("PUT", "/app/once", { body: { name: "once", command: "sleep 600" } });
  await api.expect("PUT", "/app/always", {
    body: { name: "always", command: "sleep 600", behavior: { exit: "keepalive" } },
  });
  const [once, always] = await Promise.all([view(api, "once"), view(api, "always")]);

  const agent = yard.agentPid()!;
  process.kill(agent, "SIGSTOP"); // it sees nothing of what follows
  process.kill(once.pid, "SIGTERM");
  process.kill(always.pid, "SIGTERM");
  process.kill(agent, "SIGKILL");

  await until(async () => (await view(api, "always")).starts === 2);
  const ended = await view(api, "once");
  assert.equal(ended.pid, undefined);
  assert.equal(ended.return_code, undefined, "no invented exit code");
  assert.match(ended.last_error ?? "", /unknown/);
  assert.equal(ended.health, 1);
});

interface View {
  readonly pid: number;
  readonly starts: number;
  readonly return_code?: number;
  readonly last_error?: string;
  readonly health: number;
}

async function view(api: AppMesh, name: string): Promise<View> {
  return (await api.expect("GET", `/app/${name}`)).json<View>();
}

/** Kills the agent and waits until the control plane has started another one that answers. */
async function killAgent(yard: RunningYard): Promise<void> {
  const pid = yard.agentPid()!;
  process.kill(pid, "SIGKILL");
  await until(
    async () =>
      (yard.agentPid() ?? pid) !== pid &&
      (await fetch(`${yard.url}/readyz`).then(
        (reply) => reply.ok,
        () => false,
      )),
    { timeoutMs: 20_000 },
  );
}

/** Names of apps that run more than once. */
async function duplicates(mark: string): Promise<string[]> {
  const names = mainProcesses(mark).map((process) => process.environment.get("APP_MESH_APPLICATION_NAME") ?? "?");
  return names.filter((name, index) => names.indexOf(name) !== index);
}
