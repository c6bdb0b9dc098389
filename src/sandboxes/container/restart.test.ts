/** Containers outlive the agent that made them, and are told from strangers'; what the engine does to them is seen. */
import assert from "node:assert/strict";
import { buffer, text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { skipWithoutDocker, startDocker, type TestDocker } from "../../../test/support/docker.ts";
import { seenProcesses } from "../../../test/support/processes.ts";
import { openEngine } from "../../platform/docker/engine.ts";
import { killAfterLines } from "../../platform/testing/killed-program.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { until } from "../../platform/testing/until.ts";
import type { LocalSandboxDriver, OutputLog } from "../sandbox.ts";
import { openContainerDriver } from "./driver.ts";

const needs = { skip: skipWithoutDocker() };
const driverModule = fileURLToPath(new URL("driver.ts", import.meta.url));
let docker: TestDocker;
before(async () => {
  if (!needs.skip) docker = await startDocker();
});
after(() => docker?.[Symbol.asyncDispose]());

const open = (directory: string) => openContainerDriver({ directory, socketPaths: [docker.socketPath] });
const handleOf = (id: string) => ({ driver: "container", version: 1, id }) as const;

/** Also when the test has failed half-way. */
function cleared(directory: string): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      await using driver = await open(directory);
      for (const sandbox of await driver.sandboxes()) await sandbox.destroy();
    },
  };
}

/** What the engine has of one kind or another. */
async function tracesOf() {
  await using engine = openEngine({ socketPaths: [docker.socketPath] });
  const containers = await engine.call("list containers", (client) => client.listContainers({ all: true }));
  const { Volumes: volumes } = await engine.call("list volumes", (client) => client.listVolumes());
  const networks = await engine.call("list networks", (client) => client.listNetworks());
  return {
    containers: containers.flatMap(({ Names }) => Names),
    volumes: volumes.map(({ Name }) => Name).filter((name) => !name.startsWith("runyard-tools-")),
    networks: networks.map(({ Name }) => Name).filter((name) => name.startsWith("runyard")),
  };
}

const connections = () => process.getActiveResourcesInfo().filter((kind) => kind === "PipeWrap").length;
const all = (log: OutputLog | undefined) => text(log?.follow({ position: 0 }) ?? assert.fail("no log"));

async function textOf(driver: LocalSandboxDriver, id: string, script: string): Promise<string> {
  const sandbox = await driver.reattach(handleOf(id));
  const process = await sandbox.exec({ id: `p${Math.random()}`, argv: ["sh", "-c", script] });
  await process.exited;
  return (await process.output.read({ position: 0, maxBytes: 100_000 })).bytes.toString();
}

test(
  "what runs in a container outlives the kill -9 of its agent, and not a byte of what it prints is lost",
  needs,
  async () => {
    using directory = temporaryDirectory();
    await using _cleared = cleared(directory.path);
    const early = "echo early; usleep 300000; exit 139";
    const script = `
    const { openContainerDriver } = await import(${JSON.stringify(driverModule)});
    const driver = await openContainerDriver({ directory: ${JSON.stringify(directory.path)}, socketPaths: [${JSON.stringify(docker.socketPath)}] });
    const sandbox = await driver.create({ id: "kept" });
    const count = "i=0; while [ $i -lt 400 ]; do echo $((i=i+1)); [ $((i % 2)) = 0 ] && echo e$i >&2; usleep 5000; done; exit 7";
    const main = await sandbox.exec({ id: "main", argv: ["sh", "-c", count], streams: "separate" });
    await sandbox.exec({ id: "gone", argv: ["sh", "-c", ${JSON.stringify(early)}] });
    await sandbox.exec({ id: "screen", argv: ["sleep", "300"], terminal: { cols: 80, rows: 24 } });
    while ((await main.output.size()) < 100) await new Promise((resolve) => setTimeout(resolve, 5));
    console.log(main.pid);
    setInterval(() => {}, 1000);`;
    const [line] = await killAfterLines(1, script);
    const isRunning = () => seenProcesses().some(({ command }) => command === `sh -c ${early}`);
    await until(() => !isRunning(), { what: "one has ended while nobody was there" });

    await using driver = await open(directory.path);
    const sandbox = await driver.reattach(handleOf("kept"));
    const processes = new Map((await sandbox.processes()).map((process) => [process.id, process]));
    const [main, gone, screen] = ["main", "gone", "screen"].map((id) => processes.get(id));
    assert.equal(main?.pid, Number(line));
    const { code } = (await main?.exited) ?? {};
    assert.equal(code, 7);
    const numbers = Array.from({ length: 400 }, (_, i) => i + 1);
    assert.equal(await all(main?.output), numbers.map((n) => `${n}\n`).join(""));
    const even = numbers.filter((n) => n % 2 === 0);
    assert.equal(await all(main?.errors), even.map((n) => `e${n}\n`).join(""));
    const goneExit = await gone?.exited;
    assert.deepEqual([goneExit?.code, goneExit?.signal], [139, null]); // a code, though it looks like a signal
    assert.equal(await all(gone?.output), "early\n");
    assert.equal((await screen?.exited)?.signal, "SIGKILL"); // a terminal ends with its agent
  },
);

test("a container that is destroyed leaves nothing at the engine, and strangers' are not touched", needs, async () => {
  using directory = temporaryDirectory();
  await using _cleared = cleared(directory.path);
  await using driver = await open(directory.path);
  const mine = await driver.create({ id: "mine" });
  await using engine = openEngine({ socketPaths: [docker.socketPath] });
  const [image] = await engine.call("list images", (client) => client.listImages());
  const stranger = await engine.call("make", (client) =>
    client.createContainer({
      name: "stranger",
      Image: image?.Id,
      Cmd: ["sleep", "300"],
      HostConfig: { NetworkMode: "none" },
    }),
  );
  await stranger.start();
  await mine.exec({ id: "x", argv: ["sh", "-c", "setsid sleep 300 & echo y >/root/file; sleep 300"] });
  await mine.destroy();
  {
    await using other = await open(directory.path);
    assert.deepEqual(await other.sandboxes(), []);
  }
  assert.deepEqual(await tracesOf(), { containers: ["/stranger"], volumes: [], networks: [] });
  assert.equal((await stranger.inspect()).State.Running, true);
  await stranger.remove({ force: true });
});

test("an engine that was restarted has the files of its containers, and none of their processes", needs, async () => {
  using directory = temporaryDirectory();
  await using _cleared = cleared(directory.path);
  await using driver = await open(directory.path);
  const sandbox = await driver.create({ id: "stopped" });
  const sleeper = await sandbox.exec({ id: "sleeper", argv: ["sleep", "300"] });
  await textOf(driver, "stopped", "echo mine >/root/file");
  await docker.stop();
  await assert.rejects(sandbox.exec({ id: "y", argv: ["true"] }), { code: "unavailable" });
  assert.equal((await driver.available()).usable, false);
  await docker.start();
  const { code, signal } = await sleeper.exited;
  assert.deepEqual([code, signal], [null, null]);
  await until(() => sandbox.status() === "stopped");
  await assert.rejects(sandbox.exec({ id: "z", argv: ["true"] }), { code: "precondition" });
  await sandbox.pausing?.resume();
  assert.equal(sandbox.status(), "running");
  const { content } = (await sandbox.files?.read("/root/file")) ?? assert.fail("no files");
  assert.equal((await buffer(content)).toString(), "mine\n");
  assert.equal(await textOf(driver, "stopped", "cat /root/file"), "mine\n");
});

test("an engine that hangs costs its callers their time, and opening the driver nothing", needs, async () => {
  using directory = temporaryDirectory();
  await using _cleared = cleared(directory.path);
  {
    await using driver = await open(directory.path);
    await driver.create({ id: "waiting" });
  }
  {
    await using _hung = await docker.freeze();
    const start = performance.now();
    await using driver = await open(directory.path);
    assert.equal((await driver.sandboxes()).length, 1);
    assert.ok(performance.now() - start < 1_000);
    assert.equal((await driver.available()).usable, false);
    assert.ok(performance.now() - start < 5_000);
  }
  await using driver = await open(directory.path);
  assert.equal(await textOf(driver, "waiting", "echo there"), "there\n");
});

test(
  "a container that somebody else has removed is not found, and neither is one without an engine",
  needs,
  async () => {
    using directory = temporaryDirectory();
    await using _cleared = cleared(directory.path);
    await using driver = await open(directory.path);
    const sandbox = await driver.create({ id: "removed" });
    const sleeper = await sandbox.exec({ id: "sleeper", argv: ["sleep", "300"] });
    await using engine = openEngine({ socketPaths: [docker.socketPath] });
    const [{ Id } = assert.fail("no container")] = await engine.call("list", (client) => client.listContainers());
    await engine.call("remove", (client) => client.getContainer(Id).remove({ force: true }));
    assert.equal((await sleeper.exited).code, null);
    await assert.rejects(driver.reattach(handleOf("removed")), { code: "not_found" });
    await using nowhere = await openContainerDriver({
      directory: `${directory.path}/other`,
      socketPaths: ["/nowhere/docker.sock"],
    });
    assert.match(JSON.stringify(await nowhere.available()), /no such socket/);
    await assert.rejects(nowhere.create({ id: "x" }), { code: "unavailable" });
    assert.deepEqual(await nowhere.sandboxes(), []);
  },
);

test(
  "a start that the engine refuses leaves no connection open, which would keep the agent from ending",
  needs,
  async () => {
    using temporary = temporaryDirectory();
    await using driver = await open(temporary.path);
    const sandbox = await driver.create({ id: "refused" });
    await using engine = openEngine({ socketPaths: [docker.socketPath] });
    const [{ Id: id = "" } = {}] = await engine.call("list containers", (client) => client.listContainers());
    const prepared = await engine.call("prepare", (client) => client.getContainer(id).exec({ Cmd: ["true"] }));
    await sandbox.destroy();
    const opened = connections();
    const start = (abortSignal: AbortSignal) => prepared.start({ hijack: true, stdin: true, abortSignal });
    await assert.rejects(
      engine.call("start", (_, signal) => start(signal)),
      { code: "not_found" },
    );
    await until(() => connections() === opened);
  },
);
