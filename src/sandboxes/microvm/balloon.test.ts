/** What a guest frees is the host's again while it runs, and its memory is whole when it is restored with pages that were given up. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { readStat } from "../../platform/process/procfs.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { until } from "../../platform/testing/until.ts";
import { outputOf } from "../conformance/suite.ts";
import { openMicrovmDriver } from "./driver.ts";
import { emulatorsOf, lendGoldenImage, skipWithoutMachines } from "./testing.ts";

const mebibyte = 1024 * 1024;
const timeoutMs = 60_000;

test("the host gets back what a guest frees", { skip: skipWithoutMachines() }, async () => {
  using temporary = temporaryDirectory();
  await lendGoldenImage(temporary.path);
  await using driver = await openMicrovmDriver({ directory: temporary.path });
  const sandbox = await driver.create({ id: "generous" });
  try {
    const shell = async (script: string) =>
      outputOf(await sandbox.exec({ id: randomUUID(), argv: ["sh", "-c", script] }));
    const rss = () => {
      const [pid = 0] = emulatorsOf(temporary.path, "generous");
      return readStat(pid)?.rssBytes ?? 0;
    };
    await shell("echo kept >/dev/shm/kept");
    const before = rss();
    await shell("dd if=/dev/urandom of=/dev/shm/much bs=1M count=56");
    const filled = rss();
    assert.ok(filled > before + 40 * mebibyte, `${before} has become ${filled}`);
    await shell("rm /dev/shm/much");
    await until(() => rss() < filled - 40 * mebibyte, { timeoutMs, what: "the memory is given back" });
    await sandbox.pausing?.pause();
    await sandbox.pausing?.resume();
    assert.equal(await shell("cat /dev/shm/kept"), "kept\n");
  } finally {
    await sandbox.destroy();
  }
});
