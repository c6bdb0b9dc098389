/** Sandboxes outlive the agent that made them, and leave nothing when they go. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { readHierarchies } from "../../platform/process/cgroup-hierarchies.ts";
import { listPids, readStat } from "../../platform/process/procfs.ts";
import { skipUnless } from "../../platform/testing/parts.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { until } from "../../platform/testing/until.ts";
import { findPrograms } from "./availability.ts";
import { openNamespaceDriver } from "./driver.ts";

const { availability } = await findPrograms();
const needs = { skip: skipUnless(availability.usable, "what namespace sandboxes need", JSON.stringify(availability)) };
const driverModule = fileURLToPath(new URL("driver.ts", import.meta.url));

/** What is there of all sandboxes of a driver, on the whole machine. */
function tracesOf(directory: string) {
  const owner = readFileSync(join(directory, "owner"), "utf8");
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes(owner) || line.includes(directory));
  const groups = [...readHierarchies().values()].flatMap(({ own, top }) =>
    [own, top].flatMap((path) => readdirSync(path).filter((name) => name.includes(owner))),
  );
  const places = existsSync(`/run/runyard/${owner}`) ? readdirSync(`/run/runyard/${owner}`) : [];
  const kept = [...readdirSync(join(directory, "sandboxes")), ...readdirSync(join(directory, "output"))];
  return { mounts, groups, places, kept };
}
const nothing = { mounts: [], groups: [], places: [], kept: [] };

test("a sandbox that is destroyed leaves no process, mount, control group, file or descriptor", needs, async () => {
  using directory = temporaryDirectory();
  await using driver = await openNamespaceDriver({ directory: directory.path });
  const first = await driver.create({ id: "first" }); // opens what stays open
  for (const terminal of [undefined, { cols: 80, rows: 24 }]) {
    await (await first.exec({ id: `p${terminal?.cols}`, argv: ["true"], terminal })).exited;
  }
  await first.destroy();
  const descriptors = readdirSync("/proc/self/fd").length;
  for (const diskBytes of [undefined, 32 * 1024 * 1024]) {
    const sandbox = await driver.create({ id: `with-${diskBytes}`, limits: { diskBytes, processes: 50 } });
    const main = await sandbox.exec({
      id: "main",
      argv: ["sh", "-c", "setsid sleep 300 & (setsid sh -c 'sleep 300 & sleep 300' &); echo x >/root/file; sleep 300"],
    });
    await sandbox.exec({ id: "screen", argv: ["sleep", "300"], terminal: { cols: 80, rows: 24 } });
    const pids = await until(async () => {
      const { processes } = (await sandbox.usage?.()) ?? { processes: 0 };
      return processes >= 7 ? (await main.usage()).pids : undefined;
    });
    assert.notDeepEqual(tracesOf(directory.path), nothing);
    await sandbox.destroy();
    assert.deepEqual(tracesOf(directory.path), nothing);
    for (const pid of pids) assert.equal(readStat(pid), undefined);
  }
  const children = () => listPids().filter((pid) => readStat(pid)?.parent === process.pid);
  await until(() => children().length === 0, { what: "every child was waited for" });
  await until(() => readdirSync("/proc/self/fd").length <= descriptors, { what: "descriptors are closed" });
});

test("a sandbox that cannot be made leaves nothing", needs, async () => {
  using directory = temporaryDirectory();
  await using driver = await openNamespaceDriver({ directory: directory.path });
  await assert.rejects(driver.create({ id: "a", template: "none" }), { code: "not_found", field: "template" });
  const tooSmall = driver.create({ id: "b", limits: { diskBytes: 1_000 } });
  await assert.rejects(tooSmall, { code: "invalid", field: "limits.diskBytes" });
  assert.deepEqual(tracesOf(directory.path), nothing);
  assert.deepEqual(await driver.sandboxes(), []);
});

test("what runs in a sandbox outlives the kill -9 of its agent, and is taken back with its files", needs, async () => {
  using directory = temporaryDirectory();
  await using _cleared = { [Symbol.asyncDispose]: () => clear(directory.path) };
  const script = `
    const { openNamespaceDriver } = await import(${JSON.stringify(driverModule)});
    const driver = await openNamespaceDriver({ directory: ${JSON.stringify(directory.path)} });
    const sandbox = await driver.create({ id: "kept" });
    const main = await sandbox.exec({ id: "main", argv: ["sh", "-c", "echo mine >/root/file; i=0; while :; do echo $((i=i+1)); sleep 0.02; done"] });
    while ((await main.output.size()) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    console.log(main.pid);
    setInterval(() => {}, 1000);`;
  const agent = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const died = once(agent, "exit").then(() => assert.fail("the agent has ended"));
  const [line] = await Promise.race([once(agent.stdout, "data"), died]);
  died.catch(() => {}); // it will, now
  agent.kill("SIGKILL");
  await until(() => agent.signalCode);

  const driver = await openNamespaceDriver({ directory: directory.path });
  const sandbox = await driver.reattach({ driver: "namespace", version: 1, id: "kept" });
  const [main] = await sandbox.processes();
  assert.equal(main?.pid, Number(line));
  const size = (await main?.output.size()) ?? 0;
  await until(async () => ((await main?.output.size()) ?? 0) > size, { what: "it goes on printing" });
  const again = await sandbox.exec({ id: "again", argv: ["cat", "/root/file"] });
  await again.exited;
  assert.equal((await again.output.read({ position: 0, maxBytes: 100 })).bytes.toString(), "mine\n");
  const { content } = (await sandbox.files?.read("/root/file")) ?? assert.fail("no files");
  assert.equal((await buffer(content)).toString(), "mine\n");
  await sandbox.pausing?.pause();
  await driver[Symbol.asyncDispose]();

  // Also one that was paused, and then without its first process: nothing of it may stay.
  const later = await openNamespaceDriver({ directory: directory.path });
  const paused = await later.reattach({ driver: "namespace", version: 1, id: "kept" });
  await assert.rejects(paused.exec({ id: "x", argv: ["true"] }), { code: "precondition" });
  await paused.pausing?.resume();
  await later[Symbol.asyncDispose]();
  const first = firstProcessOf(main?.pid ?? 0);
  process.kill(first, "SIGKILL");
  await until(() => readStat(first) === undefined, { what: "the first process is gone" });
  await using last = await openNamespaceDriver({ directory: directory.path });
  assert.deepEqual(await last.sandboxes(), []);
  assert.deepEqual(tracesOf(directory.path), nothing);
});

/** Also when the test has failed half-way. */
async function clear(directory: string): Promise<void> {
  await using driver = await openNamespaceDriver({ directory });
  for (const sandbox of await driver.sandboxes()) await sandbox.destroy();
}

/** Number 1 in the sandbox that this process is in too. */
function firstProcessOf(pid: number): number {
  const group = (one: number) => read(`/proc/${one}/cgroup`).match(/runyard-[^/]+/)?.[0];
  const isFirst = (one: number) => /^NSpid:\t\d+\t1$/m.test(read(`/proc/${one}/status`));
  return listPids().find((one) => isFirst(one) && group(one) === group(pid)) ?? assert.fail("there is none");
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return ""; // it has ended
  }
}
