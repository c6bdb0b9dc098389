/** Sandboxes outlive the agent that made them, and leave nothing when they go. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { readHierarchies } from "../../platform/process/cgroup-hierarchies.ts";
import { listPids, readStat } from "../../platform/process/procfs.ts";
import { killAfterLines } from "../../platform/testing/killed-program.ts";
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

/** What does not run any more is removed a moment later. */
async function untilNothing(directory: string): Promise<void> {
  await until(() => isDeepStrictEqual(tracesOf(directory), nothing), { what: "nothing is left" });
}

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
    for (const pid of pids) assert.equal(readStat(pid), undefined);
    await untilNothing(directory.path);
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
  const [line] = await killAfterLines(1, script);

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

  // Also one that was paused, and then without its first process: its files are all that is left.
  const later = await openNamespaceDriver({ directory: directory.path });
  const paused = await later.reattach({ driver: "namespace", version: 1, id: "kept" });
  await assert.rejects(paused.exec({ id: "x", argv: ["true"] }), { code: "precondition" });
  await paused.pausing?.resume();
  await later[Symbol.asyncDispose]();
  const first = firstProcessOf(main?.pid ?? 0);
  process.kill(first, "SIGKILL");
  await until(() => readStat(first) === undefined, { what: "the first process is gone" });
  await using last = await openNamespaceDriver({ directory: directory.path });
  const stopped = await last.reattach({ driver: "namespace", version: 1, id: "kept" });
  assert.equal(stopped.status(), "stopped");
  await assert.rejects(stopped.exec({ id: "y", argv: ["true"] }), { code: "precondition" });
  await assert.rejects(async () => stopped.files?.stat("/root/file"), { code: "precondition" });
  await stopped.destroy();
  await untilNothing(directory.path);
});

for (const diskBytes of [undefined, 32 * 1024 * 1024]) {
  const what = diskBytes === undefined ? "a directory" : "a file system of its own";
  test(`what a stopped sandbox has written to ${what} is there when it is started again`, needs, async () => {
    using directory = temporaryDirectory();
    await using _cleared = { [Symbol.asyncDispose]: () => clear(directory.path) };
    await using driver = await openNamespaceDriver({ directory: directory.path });
    const sandbox = await driver.create({ id: "kept", limits: { diskBytes, processes: 20 } });
    const main = await sandbox.exec({ id: "main", argv: ["sh", "-c", "echo mine >/root/file; sync; sleep 300"] });
    await until(async () => (await sandbox.files?.stat("/root/file").catch(() => undefined))?.size === 5);
    for (let round = 0; round < 2; round++) {
      const [first] = listPids().filter((pid) => readStat(pid)?.name === "sh" && isFirstIn(pid, directory.path));
      process.kill(first ?? assert.fail("it has no first process"), "SIGKILL");
      await until(() => sandbox.status() === "stopped");
      await sandbox.pausing?.resume();
      assert.equal(sandbox.status(), "running");
      const { content } = (await sandbox.files?.read("/root/file")) ?? assert.fail("no files");
      assert.equal((await buffer(content)).toString(), "mine\n");
      const again = await sandbox.exec({ id: `again-${round}`, argv: ["cat", "/root/file"] });
      assert.equal((await again.exited).code, 0);
    }
    assert.equal((await main.exited).signal, "SIGKILL");
    await sandbox.destroy();
    await untilNothing(directory.path);
  });
}

test("what was captured is there after a restart of the agent, and goes when nothing needs it", needs, async () => {
  using directory = temporaryDirectory();
  await using _cleared = { [Symbol.asyncDispose]: () => clear(directory.path) };
  const layers = () => readdirSync(join(directory.path, "layers"));
  const first = await openNamespaceDriver({ directory: directory.path });
  for (const diskBytes of [undefined, 32 * 1024 * 1024]) {
    const source = await first.create({ id: `source-${diskBytes}`, limits: { diskBytes } });
    await source.files?.write("/root/file", bytesOf("mine"));
    await source.capture?.(`template-${diskBytes}`);
    await source.destroy();
  }
  assert.equal(layers().length, 2);
  await first[Symbol.asyncDispose]();
  await using driver = await openNamespaceDriver({ directory: directory.path });
  for (const { name } of (await driver.templates?.list()) ?? []) {
    if (name === "minimal") continue;
    const fork = await driver.create({ id: "fork", template: name });
    const { content } = (await fork.files?.read("/root/file")) ?? assert.fail("no files");
    assert.equal((await buffer(content)).toString(), "mine");
    await driver.templates?.remove(name);
    await fork.destroy();
    await until(async () => (await driver.sandboxes()).length === 0);
  }
  await until(() => layers().length === 0, { what: "the layers are gone" });
  await untilNothing(directory.path);
});

test("an agent that closes while a captured sandbox moves leaves it to the next as it was", needs, async () => {
  using directory = temporaryDirectory();
  await using _cleared = { [Symbol.asyncDispose]: () => clear(directory.path) };
  const first = await openNamespaceDriver({ directory: directory.path });
  const source = await first.create({ id: "source", limits: { diskBytes: 32 * 1024 * 1024 } });
  await source.files?.write("/root/file", bytesOf("mine"));
  await source.pausing?.pause();
  await source.capture?.("template");
  assert.equal(source.status(), "paused");
  await first[Symbol.asyncDispose]();
  await using driver = await openNamespaceDriver({ directory: directory.path });
  const [taken = assert.fail("it is gone")] = await driver.sandboxes();
  assert.equal(taken.status(), "paused");
  await taken.pausing?.resume();
  const look = await taken.exec({ id: "look", argv: ["grep", "-qx", "mine", "/root/file"] });
  assert.equal((await look.exited).code, 0);
  await driver.templates?.remove("template");
  await taken.destroy();
  await untilNothing(directory.path);
});

test("connections to a sandbox leave no descriptor and no namespace", needs, async () => {
  using directory = temporaryDirectory();
  await using driver = await openNamespaceDriver({ directory: directory.path });
  const sandbox = await driver.create({ id: "one" });
  const server = await sandbox.exec({ id: "server", argv: ["busybox", "nc", "-ll", "-p", "8000", "-e", "cat"] });
  await until(async () => (await sandbox.dial?.(8000).catch(() => undefined))?.destroy());
  const descriptors = readdirSync("/proc/self/fd").length;
  for (let round = 0; round < 50; round++) {
    const socket = (await sandbox.dial?.(8000)) ?? assert.fail("no ports");
    await assert.rejects(async () => sandbox.dial?.(8001), { code: "unavailable" });
    const answer = buffer(socket);
    socket.end("x");
    assert.equal((await answer).toString(), "x");
  }
  await until(() => readdirSync("/proc/self/fd").length <= descriptors, { what: "descriptors are closed" });
  const left = await sandbox.dial?.(8000);
  await server.stop({ graceMs: 0 });
  await sandbox.destroy();
  await until(() => left?.destroyed, { what: "what is still open is broken off" });
});

async function* bytesOf(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

function isFirstIn(pid: number, directory: string): boolean {
  const owner = readFileSync(join(directory, "owner"), "utf8");
  return /^NSpid:\t\d+\t1$/m.test(read(`/proc/${pid}/status`)) && read(`/proc/${pid}/cgroup`).includes(owner);
}

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
