/** Guests that mean no good: each harms its own machine at most, which stays within reach or says how it has ended. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { until } from "../../platform/testing/until.ts";
import { outputOf } from "../conformance/suite.ts";
import type { LocalSandbox, LocalSandboxDriver } from "../sandbox.ts";
import { openMicrovmDriver } from "./driver.ts";
import { emulatorsOf, lendGoldenImage, skipWithoutMachines } from "./testing.ts";

const timeoutMs = 60_000;
const mostProcesses = 64;

describe("a machine whose guest", { skip: skipWithoutMachines() }, () => {
  const temporary = temporaryDirectory();
  let driver: LocalSandboxDriver;
  let sandbox: LocalSandbox;
  const start = (script: string) => sandbox.exec({ id: randomUUID(), argv: ["sh", "-c", script] });
  const shell = async (script: string) => outputOf(await start(script));
  async function pauseAndResume(): Promise<void> {
    await sandbox.pausing?.pause();
    await sandbox.pausing?.resume();
  }
  async function assertEnds(script: string, why: RegExp): Promise<void> {
    await start(script).catch(() => {}); // it may be gone before it answers
    await until(() => sandbox.status() === "stopped", { timeoutMs });
    assert.match(sandbox.whyStopped?.() ?? "", why);
    await sandbox.pausing?.resume();
    assert.equal(await shell("cat /root/kept"), "kept\n");
  }

  before(async () => {
    await lendGoldenImage(temporary.path);
    driver = await openMicrovmDriver({ directory: temporary.path });
    sandbox = await driver.create({ id: "villain", limits: { processes: mostProcesses } });
    await shell("echo kept >/root/kept; sync");
  });
  after(async () => {
    await sandbox?.destroy();
    await driver?.[Symbol.asyncDispose]();
    temporary[Symbol.dispose]();
  });

  test("floods its serial port is paused and resumed all the same", async () => {
    const flood = await start("while :; do printf yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done >/dev/ttyS0");
    await pauseAndResume();
    assert.equal(flood.exit, undefined);
    await flood.stop({ graceMs: 0 });
    assert.equal(await shell("echo well"), "well\n");
  });

  test("forks without end has its share of processes, and is ended", async () => {
    const bomb = await start('sh -c "while :; do sleep 1000 & done"; exec sleep 1000');
    await until(async () => ((await sandbox.usage?.())?.processes ?? 0) >= mostProcesses - 4, { timeoutMs });
    await pauseAndResume();
    await bomb.stop({ graceMs: 0 });
    await until(async () => (await shell("echo well").catch(() => "")) === "well\n", { timeoutMs });
  });

  test("keeps its processors busy and fills its memory is answered, paused and resumed", async () => {
    const eater = await start("for i in 1 2 3 4; do while :; do :; done & done; while :; do tail /dev/zero; done");
    assert.equal(await shell("echo well"), "well\n");
    await pauseAndResume();
    await eater.stop({ graceMs: 0 });
    assert.equal(await shell("cat /root/kept"), "kept\n");
  });

  test("kills all that it can see goes on", async () => {
    await start("kill -9 -1").catch(() => {});
    await until(async () => (await shell("echo well").catch(() => "")) === "well\n", { timeoutMs });
    await pauseAndResume();
    assert.equal(await shell("cat /root/kept"), "kept\n");
  });

  test("takes the port of its SSH server for itself is reached anew after a pause", async () => {
    const thief = await start("while :; do cat /dev/vport*p1; done >/dev/null 2>&1");
    await pauseAndResume();
    await thief.stop({ graceMs: 0 });
    assert.equal(await shell("echo well"), "well\n");
  });

  test("does not answer any more fails what is asked of it in its time, and is as it was when it answers", async () => {
    const [emulator = assert.fail("there is no emulator")] = emulatorsOf(temporary.path, "villain");
    process.kill(emulator, "SIGSTOP");
    try {
      await assert.rejects(start("echo never"), { code: "timeout" });
      await assert.rejects(sandbox.pausing?.pause() ?? Promise.resolve(), { code: "timeout" });
    } finally {
      process.kill(emulator, "SIGCONT");
    }
    await until(async () => (await shell("echo well").catch(() => "")) === "well\n", { timeoutMs });
    await pauseAndResume();
    assert.equal(await shell("cat /root/kept"), "kept\n");
  });

  test("restarts its machine has stopped it", () => assertEnds("reboot -f", /powered off from inside/));
  test("panics has stopped it", () => assertEnds("echo c >/proc/sysrq-trigger", /panicked/));
});
