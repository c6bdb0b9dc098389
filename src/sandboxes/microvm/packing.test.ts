/** The memory of a paused machine is packed after a while; nobody who resumes it notices, whenever that is. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { globSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { until } from "../../platform/testing/until.ts";
import { outputOf } from "../conformance/suite.ts";
import type { LocalSandbox, LocalSandboxDriver } from "../sandbox.ts";
import { openMicrovmDriver } from "./driver.ts";
import { killAgent, lendGoldenImage, skipWithoutMachines, startAgent } from "./testing.ts";

const id = "resting";
const timeoutMs = 60_000;
const later = 3_600_000;

describe("the memory of a machine that is paused", { skip: skipWithoutMachines() }, () => {
  const temporary = temporaryDirectory();
  let driver: LocalSandboxDriver;
  let sandbox: LocalSandbox;
  let golden: readonly string[];

  /** As the next agent finds it. */
  async function open(packMemoryAfterMs: number): Promise<void> {
    await driver?.[Symbol.asyncDispose]();
    driver = await openMicrovmDriver({ directory: temporary.path, packMemoryAfterMs });
    sandbox = await driver.reattach({ driver: "microvm", version: 1, id });
  }
  const shell = async (script: string) =>
    outputOf(await sandbox.exec({ id: randomUUID(), argv: ["sh", "-c", script] }));
  /** Its own, that are in the store. */
  const images = () =>
    readdirSync(join(temporary.path, "store")).filter((name) => isMemory(name) && !golden.includes(name));
  const isMemory = (name: string) => name.startsWith("memory_");
  const bytesOf = (name: string) => statSync(join(temporary.path, "store", name)).size;
  const isPacked = () => {
    const lines = readFileSync(join(temporary.path, "journal.ndjson"), "utf8").trim().split("\n");
    return lines.findLast((line) => line.includes('"type":"sandbox"'))?.includes('"packedBytes":') ?? false;
  };
  async function keepSecret(): Promise<string> {
    const secret = randomUUID();
    await shell(`printf ${secret} >/dev/shm/secret`);
    return secret;
  }

  before(async () => {
    await lendGoldenImage(temporary.path);
    golden = globSync(join(temporary.path, "store/memory_*")).map((path) => path.split("/").at(-1) ?? "");
    driver = await openMicrovmDriver({ directory: temporary.path });
    await driver.create({ id });
    await open(later);
  });
  after(async () => {
    await sandbox?.destroy();
    await driver?.[Symbol.asyncDispose]();
    temporary[Symbol.dispose]();
  });

  test("is packed by whichever agent is there then, and the machine goes on from it", async () => {
    const secret = await keepSecret();
    await sandbox.pausing?.pause();
    const [plain = ""] = images();
    const plainBytes = bytesOf(plain);
    await open(0);
    await until(isPacked, { timeoutMs });
    const [packed = "", ...others] = await until(() => (images().includes(plain) ? undefined : images()), {
      timeoutMs,
    });
    assert.deepEqual(others, []);
    assert.ok(bytesOf(packed) < plainBytes / 2, `${bytesOf(packed)} of ${plainBytes} bytes`);
    await open(0);
    await sandbox.pausing?.resume();
    assert.equal(await shell("cat /dev/shm/secret"), secret);
    assert.deepEqual(images(), []);
  });

  test("is taken as it is by who resumes at once, also in the middle of its packing", async () => {
    const secret = await keepSecret();
    await sandbox.pausing?.pause();
    await until(() => images().length > 1, { timeoutMs, intervalMs: 1 });
    await sandbox.pausing?.resume();
    assert.equal(await shell("cat /dev/shm/secret"), secret);
    assert.deepEqual(images(), []);
  });

  test("is whole when the agent is killed in the middle of its packing", async () => {
    const secret = await keepSecret();
    await driver[Symbol.asyncDispose]();
    const reattached = `driver.reattach({ driver: "microvm", version: 1, id: "${id}" })`;
    using agent = startAgent(
      { directory: temporary.path, packMemoryAfterMs: 0 },
      `(await ${reattached}).pausing.pause()`,
    );
    await until(() => images().length > 1, { timeoutMs, intervalMs: 1 });
    await killAgent(agent);
    await open(later);
    assert.equal(sandbox.status(), "paused");
    assert.equal(images().length, 1, "the other half is gone");
    await sandbox.pausing?.resume();
    assert.equal(await shell("cat /dev/shm/secret"), secret);
  });
});
