/** A disk that is full in the middle of a pause or a resume: the machine runs on, or stays paused with its memory as it was. */
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { smallDisk } from "../../../test/support/small-disk.ts";
import { readStat } from "../../platform/process/procfs.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { until } from "../../platform/testing/until.ts";
import { outputOf } from "../conformance/suite.ts";
import { openMicrovmDriver } from "./driver.ts";
import { emulatorsOf, lendGoldenImage, skipWithoutMachines } from "./testing.ts";

/** The golden image fits, and half of another memory. */
const tooFewMegabytes = 150;
const enoughMegabytes = 512;

test("a full disk costs no machine its memory", { skip: skipWithoutMachines() }, async () => {
  using temporary = temporaryDirectory();
  const directory = join(temporary.path, "disk");
  using disk = smallDisk(directory, { megabytes: tooFewMegabytes });
  await lendGoldenImage(directory);
  await using driver = await openMicrovmDriver({ directory });
  const sandbox = await driver.create({ id: "squeezed" });
  try {
    const shell = async (script: string) =>
      outputOf(await sandbox.exec({ id: randomUUID(), argv: ["sh", "-c", script] }));
    const images = () => readdirSync(join(directory, "store")).filter((name) => name.startsWith("memory_"));
    const pause = async () => sandbox.pausing?.pause();
    const resume = async () => sandbox.pausing?.resume();
    const golden = images();
    const secret = randomUUID();
    await shell(`printf ${secret} >/dev/shm/secret`);

    await assert.rejects(pause, { code: "storage_full", message: /disk is full/ });
    assert.deepEqual([sandbox.status(), images()], ["running", golden], "no half of a memory is left");
    assert.equal(await shell("cat /dev/shm/secret"), secret);

    disk.fill();
    await assert.rejects(pause, { code: "storage_full" });
    assert.deepEqual([sandbox.status(), emulatorsOf(directory, "squeezed").length], ["running", 1]);
    disk.free();
    assert.equal(await shell("cat /dev/shm/secret"), secret);

    disk.grow(enoughMegabytes);
    await pause();
    disk.fill();
    const [resumed] = await Promise.allSettled([resume()]);
    if (resumed.status === "rejected") {
      assert.equal(sandbox.status(), "paused", String(resumed.reason));
      assert.equal(images().length, golden.length + 1);
    }
    disk.free();
    const tryResuming = async () => (await Promise.allSettled([resume()]))[0].status === "fulfilled";
    await until(tryResuming, { timeoutMs: 60_000, what: "the journal takes entries again" });
    assert.equal(await shell("cat /dev/shm/secret"), secret);
  } finally {
    await sandbox.destroy();
  }
});

test("a machine that writes onto a full disk stands still, and goes on when there is space", {
  skip: skipWithoutMachines(),
}, async () => {
  using temporary = temporaryDirectory();
  const directory = join(temporary.path, "disk");
  using disk = smallDisk(directory, { megabytes: enoughMegabytes });
  await lendGoldenImage(directory);
  await using driver = await openMicrovmDriver({ directory });
  const sandbox = await driver.create({ id: "writing" });
  try {
    const write = "read go; head -c 20000000 /dev/zero | tr '\\0' x >/root/big; sync; sha256sum </root/big";
    const process = await sandbox.exec({ id: "writer", argv: ["sh", "-c", write], stdin: "open" });
    disk.fill();
    process.stdin?.write("go\n");
    const [pid = 0] = emulatorsOf(directory, "writing");
    await until(
      async () => {
        const before = readStat(pid)?.cpuTicks;
        await sleep(500);
        return readStat(pid)?.cpuTicks === before; // it stands still
      },
      { timeoutMs: 60_000 },
    );
    assert.equal(process.exit, undefined);
    disk.free();
    assert.equal((await process.exited).code, 0);
    const expected = createHash("sha256").update(Buffer.alloc(20_000_000, "x")).digest("hex");
    assert.equal(await outputOf(process), `${expected}  -\n`);
  } finally {
    await sandbox.destroy();
  }
});
