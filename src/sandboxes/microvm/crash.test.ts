/** What is left of a machine when something dies in the middle of its pause or resume: the one from before, or the one from after, whole. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
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
  /** Whether the journal says that it is paused. */
  const isNamedPaused = (): boolean | undefined => {
    const lines = readFileSync(join(temporary.path, "journal.ndjson"), "utf8").split("\n");
    const last = lines.findLast((line) => line.includes('"type":"sandbox"') && line.endsWith("}"));
    return last?.includes('"memory":{');
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
      isThere: ({ isNamed }) => isNamed,
    },
    { what: "pause", moment: "its emulator is gone", isThere: ({ emulators }) => emulators === 0 },
    { what: "resume", moment: "its next emulator is there", isThere: ({ emulators }) => emulators > 0 },
    {
      what: "resume",
      moment: "the journal says that it goes on",
      isThere: ({ isNamed }) => isNamed === false,
    },
  ] satisfies {
    what: "pause" | "resume";
    moment: string;
    isThere: (seen: { saved: number; isNamed: boolean | undefined; emulators: number }) => boolean | undefined;
  }[]) {
    test(`goes on with its memory when the agent is killed in a ${what}, as ${moment}`, async () => {
      const secret = await keepSecret();
      if (what === "resume") await sandbox.pausing?.pause();
      await driver[Symbol.asyncDispose]();
      const known = images();
      using agent = startAgent({ directory: temporary.path }, `(await ${reattached}).pausing.${what}()`);
      await until(
        () => {
          return isThere({ saved: savedBytes(known), isNamed: isNamedPaused(), emulators: emulators().length });
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
