/** threats.md F1: `kill -9` of the control plane at random points under mixed load. */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../src/platform/testing/until.ts";
import { type AppMesh, appMesh } from "./support/appmesh.ts";
import { startMixedLoad, startWatchedApps } from "./support/mixed-load.ts";
import { mainProcesses } from "./support/processes.ts";
import { startYard } from "./support/yard-process.ts";

const kills = 50;
/** Each start takes a second, and many on a busy machine. */
const timeout = 10 * 60_000;

test(`the control plane is killed ${kills} times: nothing acknowledged is lost, nothing that runs is touched`, {
  timeout,
}, async () => {
  await using yard = await startYard();
  const mark = yard.data;
  const api = appMesh(() => yard.url, yard.local.token);
  await startWatchedApps(api, mark);
  const pids = await pidsOf(api, ["steady", "counter"]);

  const load = startMixedLoad(api, { clients: 4, mark });
  for (let kill = 0; kill < kills; kill++) {
    await sleep(randomInt(20, 300));
    await yard.kill();
    await yard.start();
  }
  const beforeLast = load.acknowledged;
  await until(() => load.acknowledged > beforeLast);
  await load.stop();

  await load.verify(api);
  assert.deepEqual(await pidsOf(api, ["steady", "counter"]), pids);
  await until(async () => sameNames(await enabledApps(api), runningApps(mark)));
  await assertCounts(api, "counter");
  assert.ok(load.acknowledged > kills, `only ${load.acknowledged} acknowledged requests: no load to speak of`);
});

async function pidsOf(api: AppMesh, names: readonly string[]): Promise<number[]> {
  return Promise.all(names.map(async (name) => (await api.expect("GET", `/app/${name}`)).json<{ pid: number }>().pid));
}

async function enabledApps(api: AppMesh): Promise<string[]> {
  const apps = (await api.expect("GET", "/applications")).json<{ name: string; status: number; command: string }[]>();
  return apps.filter((app) => app.status === 1 && app.command.startsWith("sleep")).map((app) => app.name);
}

/** By name, one entry per process: a duplicate shows. */
function runningApps(mark: string): string[] {
  return mainProcesses(mark).map((process) => process.environment.get("APP_MESH_APPLICATION_NAME") ?? "?");
}

function sameNames(left: string[], right: string[]): boolean {
  return JSON.stringify(left.sort()) === JSON.stringify(right.sort());
}

/** The output of a counter is 1, 2, 3 … without a gap or a doubled line. */
async function assertCounts(api: AppMesh, name: string): Promise<void> {
  const lines = (await api.expect("GET", `/app/${name}/output`)).text.split("\n").slice(0, -1).map(Number);
  assert.ok(lines.length > 10);
  const wrong = lines.findIndex((line, index) => line !== index + 1);
  assert.equal(wrong, -1, `line ${wrong + 1} says ${lines[wrong]}`);
}
