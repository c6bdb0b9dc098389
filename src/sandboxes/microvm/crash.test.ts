/** What is left of a machine when something dies in the middle of its pause or resume: the one from before, or the one from after, whole. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { until } from "../../platform/testing/until.ts";
import { outputOf } from "../conformance/suite.ts";
import type { LocalSandbox, LocalSandboxDriver } from "../sandbox.ts";
import { openMicrovmDriver } from "./driver.ts";
import { emulatorsOf, killAgent, lendGoldenImage, skipWithoutMachines, startAgent } from "./testing.ts";

const id = "victim";
const timeoutMs = 60_000;
const reattached = `driver.reattach({ driver: "microvm", version: 1, id: "${id}" })`;
const mebibyte = 1024 * 1024;

describe("a machine in whose pause or resume something dies", { skip: skipWithoutMachines() }, () => {
  const temporary = temporaryDirectory();
  const store = join(temporary.path, "store");
  let driver: LocalSandboxDriver;
  let sandbox: LocalSandbox;

  async function openDriver(): Promise<void> {
    driver = await openMicrovmDriver({ directory: temporary.path });
    sandbox = await driver.reattach({ driver: "microvm", version: 1, id });
  }
  const shell = async (script: string) =>
    outputOf(await sandbox.exec({ id: randomUUID(), argv: ["sh", "-c", script] }));
  const emulators = () => emulatorsOf(temporary.path, id);
  const images = () => readdirSync(store).filter((name) => name.startsWith("memory_"));
  /** Of the memory that is being saved: of all that are there, the one that was not there before. */
  const savedBytes = (known: readonly string[]): number => {
    const [made] = images().filter((name) => !known.includes(name));
    return made === undefined ? 0 : (statSync(join(store, made), { throwIfNoEntry: false })?.size ?? 0);
  };
  /** What the journal says of it last. */
  const recorded = (): string => {
    const lines = readFileSync(join(temporary.path, "journal.ndjson"), "utf8").split("\n");
    return lines.findLast((line) => line.includes('"type":"sandbox"') && line.endsWith("}")) ?? "";
  };

  /** In memory alone, and known to nobody else: is there only as long as this very machine goes on. */
  async function assertGoesOn(secret: string): Promise<void> {
    if (sandbox.status() === "paused") await sandbox.pausing?.resume();
    assert.equal(sandbox.status(), "running");
    assert.equal(await shell("cat /dev/shm/secret"), secret);
  }
  async function keepSecret(): Promise<string> {
    if (sandbox.status() !== "running") await sandbox.pausing?.resume();
    const secret = randomUUID();
    await shell(`printf ${secret} >/dev/shm/secret`);
    return secret;
  }

  before(async () => {
    await lendGoldenImage(temporary.path);
    driver = await openMicrovmDriver({ directory: temporary.path });
    sandbox = await driver.create({ id });
  });
  after(async () => {
    await sandbox?.destroy();
    await driver?.[Symbol.asyncDispose]();
    temporary[Symbol.dispose]();
  });

  for (const { what, moment, isThere } of [
    { what: "pause", moment: "its memory has begun to come", isThere: ({ saved }) => saved > 0 },
    { what: "pause", moment: "much of its memory is there", isThere: ({ saved }) => saved > 40 * mebibyte },
    {
      what: "pause",
      moment: "its memory is named in the journal",
      isThere: ({ recorded }) => recorded.includes('"memory":{'),
    },
    { what: "pause", moment: "its emulator is gone", isThere: ({ emulators }) => emulators === 0 },
    { what: "resume", moment: "its next emulator is there", isThere: ({ emulators }) => emulators > 0 },
    {
      what: "resume",
      moment: "its disk can be gone back to",
      isThere: ({ recorded }) => recorded.includes('"undoPoint":"'),
    },
    { what: "resume", moment: "it goes on", isThere: ({ recorded }) => recorded.includes('"isComing":"resumed"') },
    {
      what: "resume",
      moment: "its memory is no longer named",
      isThere: ({ recorded }) => !recorded.includes('"memory":{'),
    },
  ] satisfies {
    what: "pause" | "resume";
    moment: string;
    isThere: (seen: { saved: number; recorded: string; emulators: number }) => boolean;
  }[]) {
    test(`goes on with its memory when the agent is killed in a ${what}, as ${moment}`, async () => {
      const secret = await keepSecret();
      if (what === "resume") await sandbox.pausing?.pause();
      await driver[Symbol.asyncDispose]();
      const known = images();
      using agent = startAgent({ directory: temporary.path }, `(await ${reattached}).pausing.${what}()`);
      await until(
        () => {
          return isThere({ saved: savedBytes(known), recorded: recorded(), emulators: emulators().length });
        },
        { timeoutMs, intervalMs: 1 },
      );
      await killAgent(agent);
      await openDriver();
      await assertGoesOn(secret);
    });
  }

  test("is stopped with its disk when its emulator is killed in a pause, and has no half of a memory", async () => {
    await keepSecret();
    await shell("echo kept >/root/file; sync");
    const known = images();
    const pausing = assert.rejects(sandbox.pausing?.pause() ?? Promise.resolve());
    await until(() => savedBytes(known) > 0, { timeoutMs, intervalMs: 1 });
    for (const pid of emulators()) process.kill(pid, "SIGKILL");
    await pausing;
    assert.deepEqual([sandbox.status(), images()], ["stopped", known]);
    await sandbox.pausing?.resume();
    assert.equal(await shell("cat /root/file; ls /dev/shm"), "kept\n");
  });

  test("stays paused when its emulator is killed in a resume, and goes on at the next", async () => {
    const secret = await keepSecret();
    await sandbox.pausing?.pause();
    const resuming = assert.rejects(sandbox.pausing?.resume() ?? Promise.resolve());
    const [pid] = await until(() => (emulators().length > 0 ? emulators() : undefined), { timeoutMs, intervalMs: 1 });
    process.kill(pid ?? 0, "SIGKILL");
    await resuming;
    assert.equal(sandbox.status(), "paused");
    await assertGoesOn(secret);
  });

  describe("and which had gone on and written to its disk", () => {
    const blockBytes = 4096;
    const blocks = 1_000;
    const countOn = `i=0
      until [ -e /dev/shm/halt ]; do
        printf x | dd of=/root/blocks bs=${blockBytes} seek=$i conv=notrunc,fsync
        i=$((i+1)); sleep 0.1
      done 2>/dev/null
      echo $i >/dev/shm/end`;
    const onDisk = async () => Number(await shell("echo 3 >/proc/sys/vm/drop_caches; tr -cd x </root/blocks | wc -c"));
    /** It marks one block of its disk after the other, and remembers how far it has come. */
    async function startCounter(): Promise<void> {
      await keepSecret();
      await shell(
        `rm -f /dev/shm/halt /dev/shm/end; dd if=/dev/zero of=/root/blocks bs=${blockBytes} count=${blocks} conv=fsync`,
      );
      await sandbox.exec({ id: randomUUID(), argv: ["sh", "-c", countOn] });
      await until(async () => (await onDisk()) > 3, { timeoutMs });
    }
    /** Of a disk that is ahead of the memory there were more of them. */
    async function assertCounted(): Promise<void> {
      if (sandbox.status() === "paused") await sandbox.pausing?.resume();
      await shell("touch /dev/shm/halt");
      const end = await until(async () => await shell("cat /dev/shm/end 2>/dev/null; true"), { timeoutMs });
      assert.equal(await onDisk(), Number(end));
    }
    /** Longer than a machine that is reached goes on until it is told to halt. */
    const unreachedMs = 5_000;
    /** The restored machine runs and is not reached: its serial port is taken away while its memory is loaded. Resolves when it has written to its disk. */
    async function goOnUnreached(): Promise<void> {
      const soon = { timeoutMs, intervalMs: 1 };
      const [pid] = await until(() => (emulators().length > 0 ? emulators() : undefined), soon);
      const serial = `/proc/${pid}/root/sockets/serial`;
      await until(() => existsSync(serial), soon);
      rmSync(serial);
      await until(() => recorded().includes('"isComing":"resumed"'), soon);
      const top = /"layers":\[[^\]]*"(?<top>disk_[^"]+)"\]/.exec(recorded())?.groups?.top ?? "";
      const written = () => statSync(join(temporary.path, "machines", id, top)).mtimeMs;
      const from = written();
      await until(() => written() > from + unreachedMs, soon);
    }
    const killEmulators = () => emulators().forEach((pid) => void process.kill(pid, "SIGKILL"));

    test("goes back to what it was when its emulator is killed before it has answered", async () => {
      await startCounter();
      await sandbox.pausing?.pause();
      const resuming = assert.rejects(sandbox.pausing?.resume() ?? Promise.resolve());
      await goOnUnreached();
      killEmulators();
      await resuming;
      assert.equal(sandbox.status(), "paused");
      assert.doesNotMatch(recorded(), /undoPoint/);
      await assertCounted();
    });

    test("goes back to what it was when its emulator and the agent are killed before it has answered", async () => {
      await startCounter();
      await sandbox.pausing?.pause();
      await driver[Symbol.asyncDispose]();
      using agent = startAgent({ directory: temporary.path }, `(await ${reattached}).pausing.resume()`);
      await goOnUnreached();
      await killAgent(agent);
      killEmulators();
      await openDriver();
      await assertCounted();
    });
  });
});

test("an agent that is killed while a machine boots for a golden image leaves nothing to the next", {
  skip: skipWithoutMachines(),
}, async () => {
  using directory = temporaryDirectory();
  using agent = startAgent({ directory: directory.path }, `driver.create({ id: "first" })`);
  const booting = () => (existsSync(join(directory.path, "owner")) ? emulatorsOf(directory.path, "golden-") : []);
  await until(() => booting().length > 0, { timeoutMs });
  await killAgent(agent);
  await using _next = await openMicrovmDriver({ directory: directory.path });
  await until(() => booting().length === 0, { timeoutMs });
  assert.deepEqual(readdirSync(join(directory.path, "golden")), []);
});
