/** What becomes of machines when the agent, the emulator or the guest itself ends, and when files are not what they were. One machine goes through all of it. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import {
  closeSync,
  globSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { until } from "../../platform/testing/until.ts";
import { outputOf, textSoFar } from "../conformance/suite.ts";
import type { LocalSandbox, LocalSandboxDriver, Process } from "../sandbox.ts";
import { openMicrovmDriver } from "./driver.ts";
import { emulatorsOf, lendGoldenImage, skipWithoutMachines } from "./testing.ts";

const id = "survivor";
const counting = ["sh", "-c", "i=0; while :; do echo $((i=i+1)); sleep 0.1; done"];
const timeoutMs = 60_000;

describe("a machine and what may happen to it", { skip: skipWithoutMachines() }, () => {
  const temporary = temporaryDirectory();
  let driver: LocalSandboxDriver;
  let sandbox: LocalSandbox;

  const open = () => openMicrovmDriver({ directory: temporary.path });
  /** As another agent finds it. */
  async function nextAgent(): Promise<void> {
    await driver[Symbol.asyncDispose]();
    driver = await open();
    sandbox = await driver.reattach({ driver: "microvm", version: 1, id });
  }
  const shell = async (script: string) =>
    outputOf(await sandbox.exec({ id: randomUUID(), argv: ["sh", "-c", script] }));
  const emulator = (): number | undefined => emulatorsOf(temporary.path, id)[0];
  const memoryFile = () =>
    globSync(join(temporary.path, "store/memory_*")).sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0] ??
    assert.fail("there is no memory image");
  async function assertCounts(process: Process): Promise<void> {
    const size = await process.output.size();
    await until(async () => (await process.output.size()) > size + 4, { timeoutMs });
    const lines = (await textSoFar(process)).trim().split("\n").map(Number);
    assert.deepEqual(
      lines,
      lines.map((_, i) => i + 1),
    );
  }

  before(async () => {
    await lendGoldenImage(temporary.path);
    driver = await open();
    sandbox = await driver.create({ id });
  });
  after(async () => {
    await sandbox?.destroy();
    await driver?.[Symbol.asyncDispose]();
    temporary[Symbol.dispose]();
  });

  test("its emulator is nobody, with no right and a network of its own", () => {
    const pid = emulator() ?? assert.fail("there is no emulator");
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    const [, uid] = /^Uid:\s+(\d+)/m.exec(status) ?? [];
    assert.ok(Number(uid) >= 0x7200_0000);
    assert.match(status, /^CapEff:\s+0+$/m);
    assert.match(status, /^CapPrm:\s+0+$/m);
    assert.match(status, /^NoNewPrivs:\s+1$/m);
    assert.match(status, /^Seccomp:\s+2$/m);
    const interfaces = readFileSync(`/proc/${pid}/net/dev`, "latin1").split("\n").slice(2, -1);
    assert.deepEqual(
      interfaces.map((line) => line.split(":")[0]?.trim()),
      ["lo"],
    );
  });

  test("the next agent takes back what runs, and misses nothing of its output", async () => {
    const process = await sandbox.exec({ id: "counter", argv: counting });
    await until(async () => (await process.output.size()) > 0, { timeoutMs });
    await nextAgent();
    assert.equal(sandbox.status(), "running");
    const found = (await sandbox.processes())[0] ?? assert.fail("the process is not known");
    await assertCounts(found);
    assert.equal(await shell("echo well"), "well\n");
  });

  test("a pause leaves files only, and what ran goes on for the next agent too", async () => {
    const before = Number(await shell("date +%s"));
    await sandbox.pausing?.pause();
    assert.equal(emulator(), undefined);
    assert.equal(sandbox.status(), "paused");
    await nextAgent();
    assert.equal(sandbox.status(), "paused");
    await sandbox.pausing?.resume();
    const found = (await sandbox.processes())[0] ?? assert.fail("the process is not known");
    await assertCounts(found);
    const late = Math.abs(Number(await shell("date +%s")) - Date.now() / 1_000);
    assert.ok(late < 5 && Number(await shell("date +%s")) >= before, `the clock is wrong by ${late} s`);
  });

  test("a terminal and an open input go on after a pause", async () => {
    const terminal = { cols: 80, rows: 24 };
    const process = await sandbox.exec({
      id: "terminal",
      argv: ["sh", "-c", "read a; echo got $a; read b; exit 5"],
      terminal,
    });
    process.stdin?.write("one\r");
    await until(async () => (await textSoFar(process)).includes("got one"), { timeoutMs });
    await sandbox.pausing?.pause();
    await sandbox.pausing?.resume();
    process.stdin?.write("two\r");
    assert.equal((await process.exited).code, 5);
  });

  test("a memory image that is not what was written is refused, and taken when it is again", async () => {
    await sandbox.pausing?.pause();
    const memory = memoryFile();
    const { size } = statSync(memory);
    const [byte] = flip(memory, size >> 1);
    await assert.rejects(sandbox.pausing?.resume() ?? Promise.resolve(), { code: "unavailable", message: /damaged/ });
    assert.equal(sandbox.status(), "paused");
    assert.equal(emulator(), undefined);
    assert.notEqual(byte, flip(memory, size >> 1)[0]);
    await sandbox.pausing?.resume();
    assert.equal(await shell("echo well"), "well\n");
  });

  test("one that is not of its disk is refused, and the disk is started without it", async () => {
    await sandbox.pausing?.pause();
    const [disk] = globSync(join(temporary.path, "machines", id, "disk_*"));
    assert.ok(disk, "there is no disk");
    const { atime, mtimeMs } = statSync(disk);
    utimesSync(disk, atime, new Date(mtimeMs + 5_000));
    await assert.rejects(sandbox.pausing?.resume() ?? Promise.resolve(), {
      code: "precondition",
      message: /disk .* has changed/,
    });
    assert.equal(sandbox.status(), "paused");
    assert.equal(emulator(), undefined);
    await sandbox.stop?.({ graceMs: 0 });
    assert.equal(sandbox.status(), "stopped");
  });

  test("one that is stopped is booted from its disk, with its files", async () => {
    await sandbox.pausing?.resume();
    assert.equal(await shell("echo kept >/root/file; sync; cat /root/file"), "kept\n");
  });

  test("an emulator that is killed stops its machine, and nothing that was synced is lost", async () => {
    const process = await sandbox.exec({ id: "sleeper", argv: ["sleep", "1000"] });
    globalThis.process.kill(emulator() ?? assert.fail("there is no emulator"), "SIGKILL");
    assert.deepEqual(await process.exited.then(({ code, signal }) => [code, signal]), [null, null]);
    assert.equal(sandbox.status(), "stopped");
    assert.equal(sandbox.whyStopped?.(), "The emulator of its machine has died, or was killed.");
    await assert.rejects(sandbox.exec({ id: "x", argv: ["true"] }), {
      code: "precondition",
      message: /resume it first/,
    });
    await sandbox.pausing?.resume();
    assert.equal(await shell("cat /root/file"), "kept\n");
  });

  test("a guest that powers itself off stops its machine", async () => {
    void shell("poweroff -f").catch(() => {});
    await until(() => sandbox.status() === "stopped", { timeoutMs });
    assert.equal(sandbox.whyStopped?.(), "Its machine was powered off from inside.");
  });

  test("destroying it leaves nothing", async () => {
    await sandbox.destroy();
    assert.deepEqual(readdirSync(join(temporary.path, "machines")), []);
    assert.deepEqual(readdirSync(join(temporary.path, "output")), []);
    assert.equal(emulator(), undefined);
    assert.deepEqual(await driver.sandboxes(), []);
  });
});

/** @returns the byte there, as it was */
function flip(path: string, at: number): Buffer {
  const fd = openSync(path, "r+");
  try {
    const byte = Buffer.alloc(1);
    readSync(fd, byte, 0, 1, at);
    writeSync(fd, Buffer.from([(byte[0] ?? 0) ^ 0xff]), 0, 1, at);
    return byte;
  } finally {
    closeSync(fd);
  }
}
