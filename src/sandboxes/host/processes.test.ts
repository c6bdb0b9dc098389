/** What the driver `host` does beyond the interface that all drivers share. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isAlive, listPids, readEnvironment, readStat } from "../../platform/process/procfs.ts";
import { skipUnless } from "../../platform/testing/parts.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { until } from "../../platform/testing/until.ts";
import type { LocalSandboxDriver, Process, Sandbox } from "../sandbox.ts";
import { openHostDriver } from "./driver.ts";

const isRoot = process.getuid?.() === 0;
const needsRoot = { skip: skipUnless(isRoot, "the right to switch users", "run the tests as root") };

async function openSandbox(directory: string): Promise<{ driver: LocalSandboxDriver; sandbox: Sandbox }> {
  const driver = await openHostDriver({ directory });
  return { driver, sandbox: await driver.create({ id: "one" }) };
}

async function textOf(process: Process): Promise<string> {
  await process.exited;
  return (await process.output.read({ position: 0, maxBytes: 100_000 })).bytes.toString();
}

test("a thousand short processes leave no zombie, no descriptor and no file", async () => {
  using directory = temporaryDirectory();
  const { driver, sandbox } = await openSandbox(directory.path);
  await (await sandbox.exec({ id: "first", argv: ["true"] })).exited; // opens what stays open
  const descriptors = readdirSync("/proc/self/fd").length;
  for (let round = 0; round < 50; round++) {
    const started = Array.from({ length: 20 }, (_, i) => sandbox.exec({ id: `p${round}-${i}`, argv: ["true"] }));
    for (const process of await Promise.all(started)) {
      assert.equal((await process.exited).code, 0);
      await sandbox.forget(process.id);
    }
  }
  const children = listPids().flatMap((pid) => readStat(pid) ?? []);
  assert.deepEqual(
    children.filter((stat) => stat.parent === process.pid),
    [],
  );
  assert.ok(readdirSync("/proc/self/fd").length <= descriptors);
  await sandbox.destroy();
  assert.deepEqual(readdirSync(join(directory.path, "output")), []);
  await driver[Symbol.asyncDispose]();
});

test("what leaves its process group is found and ended after its process", async () => {
  using directory = temporaryDirectory();
  await using driver = await openHostDriver({ directory: directory.path });
  const sandbox = await driver.create({ id: "one" });
  const script = "setsid sh -c 'trap \"\" TERM HUP; (sleep 300 & echo $!; wait) & wait' & sleep 0.3";
  const main = await sandbox.exec({ id: "daemon", argv: ["sh", "-c", script] });
  const pid = Number(await textOf(main));
  assert.ok(pid > 0);
  await until(() => readStat(pid) === undefined || readStat(pid)?.state === "Z", { what: "the daemon is gone" });
  const mark = "RUNYARD_PROCESS=daemon";
  await until(() => listPids().every((one) => !belongs(one, mark, directory.path)));
});

test("destroying a sandbox ends at once what has left its process group", async () => {
  using directory = temporaryDirectory();
  await using driver = await openHostDriver({ directory: directory.path });
  const sandbox = await driver.create({ id: "one" });
  const main = await sandbox.exec({ id: "daemon", argv: ["sh", "-c", "setsid sleep 300 & echo $!; sleep 300"] });
  const pid = await until(async () => Number((await main.output.read({ position: 0, maxBytes: 20 })).bytes.toString()));
  await until(() => readStat(pid)?.session === pid);
  await sandbox.destroy();
  await until(() => readStat(pid) === undefined || readStat(pid)?.state === "Z", { timeoutMs: 2_000 });
});

test("a process that was started but not recorded is found by its marks, and not started twice", async () => {
  using directory = temporaryDirectory();
  const first = await openSandbox(directory.path);
  const running = await first.sandbox.exec({ id: "lost", argv: ["sleep", "300"] });
  await first.driver[Symbol.asyncDispose]();
  const journal = join(directory.path, "journal.ndjson");
  const lines = readFileSync(journal, "utf8")
    .split("\n")
    .filter((line) => !line.includes('"started"'));
  const { writeFileSync } = await import("node:fs");
  writeFileSync(journal, lines.join("\n"));
  await using driver = await openHostDriver({ directory: directory.path });
  const sandbox = await driver.reattach({ driver: "host", version: 1, id: "one" });
  const found = await sandbox.exec({ id: "lost", argv: ["sleep", "300"] });
  assert.equal(found.pid, running.pid);
  const exit = await found.stop({ graceMs: 0 });
  assert.deepEqual([exit.code, exit.signal], [null, null]);
});

test("a pid that was used again is never taken for the process", async () => {
  using directory = temporaryDirectory();
  const first = await openSandbox(directory.path);
  const running = await first.sandbox.exec({ id: "p", argv: ["sleep", "300"] });
  const { startTicks = 0 } = readStat(running.pid) ?? {};
  await first.driver[Symbol.asyncDispose]();
  const journal = join(directory.path, "journal.ndjson");
  const { writeFileSync } = await import("node:fs");
  writeFileSync(
    journal,
    readFileSync(journal, "utf8").replace(`"startTicks":${startTicks}`, `"startTicks":${startTicks - 1}`),
  );
  const driver = await openHostDriver({ directory: directory.path });
  const sandbox = await driver.reattach({ driver: "host", version: 1, id: "one" });
  const [found] = await sandbox.processes();
  assert.deepEqual(await found?.exited, { code: null, signal: null, at: found?.exit?.at });
  assert.ok(isAlive(running.pid, startTicks), "the stranger was left alone");
  await driver[Symbol.asyncDispose]();
  process.kill(running.pid, "SIGKILL");
});

test(
  "a process runs as the given user, with that user's groups and home, and may open its own streams anew",
  needsRoot,
  async () => {
    using directory = temporaryDirectory();
    await using driver = await openHostDriver({ directory: directory.path });
    const sandbox = await driver.create({ id: "one" });
    const script = "id -un; id -Gn; echo $HOME $USER $LOGNAME; cat /dev/stdin; echo more >>/dev/stdout";
    const argv = ["sh", "-c", script];
    const main = await sandbox.exec({ id: "u", argv, user: "nobody", cwd: "/", stdin: { text: "text\n" } });
    const text = await textOf(main);
    assert.equal(text, "nobody\nnogroup\n/nonexistent nobody nobody\ntext\nmore\n");
    await sandbox.destroy();
  },
);

test("no process inherits a terminal's other side", async () => {
  using directory = temporaryDirectory();
  await using driver = await openHostDriver({ directory: directory.path });
  const sandbox = await driver.create({ id: "one" });
  const terminal = { cols: 80, rows: 24 };
  const first = await sandbox.exec({ id: "t1", argv: ["sleep", "300"], terminal });
  const second = await sandbox.exec({ id: "t2", argv: ["ls", "/proc/self/fd"], terminal });
  const plain = await sandbox.exec({ id: "p", argv: ["ls", "/proc/self/fd"] });
  assert.deepEqual((await textOf(second)).split(/\s+/).filter(Boolean), ["0", "1", "2", "3"]);
  assert.deepEqual((await textOf(plain)).split(/\s+/).filter(Boolean), ["0", "1", "2", "3"]);
  assert.equal(first.exit, undefined);
  await sandbox.destroy();
});

test("a limit's control groups go with the process, also with what escapes its group", async (context) => {
  using directory = temporaryDirectory();
  await using driver = await openHostDriver({ directory: directory.path });
  if (!driver.can.limits) return context.skip("no control groups can be made here");
  const sandbox = await driver.create({ id: "one" });
  const argv = ["sh", "-c", "setsid sleep 300 & sleep 0.2; cat /proc/self/cgroup"];
  const main = await sandbox.exec({ id: randomUUID(), argv, limits: { memoryBytes: 64 * 1024 * 1024, cpus: 0.5 } });
  const text = await textOf(main);
  const group = /runyard-[^/\n]+/.exec(text)?.[0] ?? "";
  assert.ok(group, text);
  for (const line of text.split("\n").filter((line) => line.includes(group))) {
    const [, controllers = "", path = ""] = line.split(":");
    assert.ok(!existsSync(join("/sys/fs/cgroup", controllers, path)), line);
  }
  assert.ok(listPids().every((pid) => !belongs(pid, `RUNYARD_PROCESS=${main.id}`, directory.path)));
  await sandbox.destroy();
});

function belongs(pid: number, mark: string, directory: string): boolean {
  const owner = readFileSync(join(directory, "owner"), "utf8");
  const environment = readEnvironment(pid);
  return environment.includes(mark) && environment.includes(`RUNYARD_SANDBOX=${owner}/one`);
}
