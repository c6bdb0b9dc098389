/** Machines that are moved from one host to another: two drivers, each with a directory of its own. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { appendFileSync, existsSync, globSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { smallDisk } from "../../../test/support/small-disk.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { until } from "../../platform/testing/until.ts";
import { outputOf, textSoFar } from "../conformance/suite.ts";
import type { Arrivals, LocalSandbox, LocalSandboxDriver, Process, SandboxImage } from "../sandbox.ts";
import { openMicrovmDriver } from "./driver.ts";
import { emulatorsOf, lendGoldenImage, skipWithoutMachines } from "./testing.ts";

const id = "traveller";
const timeoutMs = 60_000;
const counting = ["sh", "-c", "i=0; while :; do echo $((i=i+1)); sleep 0.1; done"];

describe("a machine that is moved", { skip: skipWithoutMachines() }, () => {
  const [here, there] = [temporaryDirectory(), temporaryDirectory()];
  let [origin, goal]: [LocalSandboxDriver?, LocalSandboxDriver?] = [];
  let sandbox: LocalSandbox;
  let counter: Process;

  const arrivals = () => goal?.arrivals ?? assert.fail("it takes no machines");
  const imageOf = () => sandbox.departure?.image() ?? assert.fail("it cannot leave");
  const partOf = (name: string) => sandbox.departure?.part(name) ?? assert.fail("it cannot leave");
  const shell = async (script: string) =>
    outputOf(await sandbox.exec({ id: randomUUID(), argv: ["sh", "-c", script] }));
  async function send(image: SandboxImage, names: readonly string[], to: Arrivals = arrivals()): Promise<void> {
    for (const part of image.parts)
      if (names.includes(part.name)) await to.put(image.id, part, await partOf(part.name));
  }
  /** What a driver has that is no template's. */
  const leftIn = (directory: string) => [
    ...readdirSync(join(directory, "machines")),
    ...readdirSync(join(directory, "incoming")),
    ...readdirSync(join(directory, "output")),
  ];
  async function assertCounts(process: Process): Promise<void> {
    const size = await process.output.size();
    await until(async () => (await process.output.size()) > size + 4, { timeoutMs });
    const lines = (await textSoFar(process)).trim().split("\n").map(Number);
    assert.deepEqual(
      lines,
      lines.map((_, i) => i + 1),
    );
  }
  /** From now on the tests look at it there. */
  async function arriveAt(driver: LocalSandboxDriver): Promise<void> {
    await sandbox.destroy();
    sandbox = await driver.reattach({ driver: "microvm", version: 1, id });
  }

  before(async () => {
    await lendGoldenImage(here.path);
    await lendGoldenImage(there.path);
    origin = await openMicrovmDriver({ directory: here.path, packMemoryAfterMs: 3_600_000 });
    goal = await openMicrovmDriver({ directory: there.path });
    sandbox = await origin.create({ id });
    counter = await sandbox.exec({ id: "counter", argv: counting, meta: { tag: "mine" } });
    await shell("echo kept >/root/file; printf secret >/dev/shm/secret");
    await until(async () => (await counter.output.size()) > 0, { timeoutMs });
  });
  after(async () => {
    await sandbox?.destroy();
    await origin?.[Symbol.asyncDispose]();
    await goal?.[Symbol.asyncDispose]();
    here[Symbol.dispose]();
    there[Symbol.dispose]();
  });

  test("stands still while it is: one that runs is refused", async () => {
    await assert.rejects(imageOf(), { code: "precondition", message: /pause it/ });
    await sandbox.pausing?.pause();
  });

  for (const { what, kind, says } of [
    { what: "another processor", kind: { accelerator: "kvm", cpu: "Other 9000" }, says: /saved with KVM/ },
    { what: "another model of it", kind: { cpu: "Other 9000" }, says: /on the processor Other 9000.*qemu64/ },
    { what: "other features", kind: { cpuFeatures: "more" }, says: /other features/ },
    { what: "another QEMU", kind: { qemu: "1.2.3" }, says: /by QEMU 1\.2\.3/ },
  ]) {
    test(`is refused where there is ${what}, before anything of it is there`, async () => {
      const image = await imageOf();
      const saved = image.data.memory as { readonly kind: object };
      const data = { ...image.data, memory: { ...saved, kind: { ...saved.kind, ...kind } } };
      await assert.rejects(arrivals().begin({ ...image, data }), { code: "precondition", message: says });
      assert.deepEqual([await arrivals().list(), leftIn(there.path)], [[], []]);
    });
  }

  for (const { what, changes } of [
    { what: "leads elsewhere", changes: { layers: ["../../etc/passwd"] } },
    { what: "has no disk", changes: { layers: [] } },
    { what: "has a process of no name", changes: { processes: [{ process: "../x", at: 0, maxOutputBytes: 1 }] } },
    { what: "has more processors than it was made with", changes: { shape: { memoryMib: 256, vcpus: 2 } } },
    { what: "has more memory than it was made with", changes: { shape: { memoryMib: 384, vcpus: 1 } } },
  ]) {
    test(`is refused if its image ${what}`, async () => {
      const image = await imageOf();
      const data = { ...image.data, ...changes };
      await assert.rejects(arrivals().begin({ ...image, data }), { code: "invalid", field: "image" });
      await assert.rejects(arrivals().complete({ ...image, data }), { code: "invalid", field: "image" });
    });
  }

  test("is refused if a part of it is damaged, cut off or too long, and nothing of that stays", async () => {
    const image = await imageOf();
    const missing = await arrivals().begin(image);
    for (const part of image.parts.filter(({ name }) => missing.includes(name))) {
      const packed = await buffer(await partOf(part.name));
      const flipped = Buffer.from(packed);
      flipped.writeUInt8(flipped.readUInt8(packed.length >> 1) ^ 0xff, packed.length >> 1);
      const refusal = { code: "invalid", field: "part", message: /damaged/ };
      for (const bytes of [flipped, packed.subarray(0, -1), Buffer.from("nonsense")])
        await assert.rejects(arrivals().put(id, part, Readable.from([bytes])), refusal, part.name);
      const short = { ...part, bytes: part.bytes - 1 };
      if (part.bytes > 0)
        await assert.rejects(arrivals().put(id, short, Readable.from([packed])), refusal, `${part.name}, too long`);
    }
    await assert.rejects(arrivals().complete(image), { code: "precondition", message: /missing/ });
    assert.deepEqual(await arrivals().begin(image), missing);
    await arrivals().abandon(id);
    assert.deepEqual([await arrivals().list(), leftIn(there.path)], [[], []]);
  });

  test("begins anew when the agent has ended in between", async () => {
    const image = await imageOf();
    await send(image, await arrivals().begin(image));
    await goal?.[Symbol.asyncDispose]();
    goal = await openMicrovmDriver({ directory: there.path });
    assert.deepEqual([await arrivals().list(), leftIn(there.path)], [[], []]);
    await assert.rejects(arrivals().put(id, image.parts[0] ?? assert.fail(), Readable.from([])), { code: "not_found" });
    await assert.rejects(arrivals().complete(image), { code: "precondition" });
  });

  test("goes on there in the middle of what it did, and what both hosts have is not sent", async () => {
    const image = await imageOf();
    const missing = await arrivals().begin(image);
    const layers = image.data.layers as readonly string[];
    assert.deepEqual([...missing].sort(), [layers.at(-1), "memory", ...logsOf(image)].sort());
    await send(image, missing);
    assert.deepEqual(await arrivals().begin(image), []);
    assert.deepEqual(await arrivals().complete(image), { driver: "microvm", version: 1, id });
    assert.deepEqual(await arrivals().complete(image), { driver: "microvm", version: 1, id }, "twice is once");
    await assert.rejects(arrivals().begin(image), { code: "conflict" });
    assert.equal(sandbox.status(), "paused", "it is there and here until somebody decides");
    await arriveAt(goal ?? assert.fail());
    assert.deepEqual(leftIn(here.path), []);
    assert.equal(sandbox.status(), "paused");
    await sandbox.pausing?.resume();
    const [found] = await sandbox.processes();
    assert.deepEqual((await sandbox.processes()).map((process) => [process.id, process.meta]).slice(0, 1), [
      ["counter", { tag: "mine" }],
    ]);
    await assertCounts(found ?? assert.fail("its process is not known"));
    assert.equal(await shell("cat /root/file /dev/shm/secret"), "kept\nsecret");
    assert.deepEqual([emulatorsOf(here.path, id).length, emulatorsOf(there.path, id).length], [0, 1]);
  });

  test("goes back packed to a host that has nothing of it, with its holes, and outlives the agents there", async () => {
    await sandbox.pausing?.pause();
    using elsewhere = temporaryDirectory();
    let bare = await openMicrovmDriver({ directory: elsewhere.path });
    try {
      await until(() => readdirSync(join(there.path, "store")).length > 0);
      const image = await imageOf();
      const to = bare.arrivals ?? assert.fail();
      const missing = await to.begin(image);
      assert.deepEqual(
        missing,
        image.parts.map(({ name }) => name),
      );
      await send(image, missing, to);
      await to.complete(image);
      for (const [sent, arrived] of [...layerFiles(there.path), ...machineFiles(there.path)].map((path) => [
        path,
        path.replace(there.path, elsewhere.path),
      ]) as [string, string][]) {
        if (!existsSync(arrived)) continue; // the golden image's own memory
        assert.equal(statSync(arrived).size, statSync(sent).size);
        assert.ok(statSync(arrived).blocks <= statSync(sent).blocks + 64, `${arrived} has lost its holes`);
      }
      // At its next start it gets that host's kernel; to go on it needs none.
      for (const path of globSync(join(elsewhere.path, "systems/*"))) appendFileSync(path, Buffer.alloc(1024 * 1024));
      await bare[Symbol.asyncDispose]();
      bare = await openMicrovmDriver({ directory: elsewhere.path });
      await arriveAt(bare);
      assert.equal(sandbox.status(), "paused");
      await sandbox.pausing?.resume();
      assert.equal(await shell("cat /root/file /dev/shm/secret"), "kept\nsecret");
      const found = (await sandbox.processes()).find((process) => process.id === "counter");
      await assertCounts(found ?? assert.fail("its process is not known"));
    } finally {
      await sandbox.destroy();
      await bare[Symbol.asyncDispose]();
    }
    assert.deepEqual(leftIn(there.path), []);
  });
});

test("a machine that is stopped is moved with its disk, and boots there; a full disk there changes nothing", {
  skip: skipWithoutMachines(),
}, async () => {
  using temporary = temporaryDirectory();
  const [here, there] = [join(temporary.path, "here"), join(temporary.path, "there")];
  using disk = smallDisk(there, { megabytes: 400 });
  await lendGoldenImage(here);
  await using origin = await openMicrovmDriver({ directory: here });
  await using goal = await openMicrovmDriver({ directory: there });
  const to = goal.arrivals ?? assert.fail();
  const sandbox = await origin.create({ id });
  const departure = sandbox.departure ?? assert.fail();
  try {
    await outputOf(await sandbox.exec({ id: "write", argv: ["sh", "-c", "echo kept >/root/file; sync"] }));
    const send = async (image: SandboxImage) => {
      for (const part of image.parts) await to.put(id, part, await departure.part(part.name));
    };

    await sandbox.pausing?.pause();
    const paused = await departure.image();
    await to.list();
    await to.begin(paused);
    disk.fill();
    await assert.rejects(send(paused), { code: "storage_full" });
    await assert.rejects(to.begin(paused), { code: "storage_full", message: /are needed/ });
    assert.deepEqual(readdirSync(join(there, "incoming")), [], "nothing of it stays");
    disk.free();
    assert.equal(sandbox.status(), "paused");

    await sandbox.pausing?.resume();
    await sandbox.stop?.({ graceMs: 0 });
    const stopped = await departure.image();
    assert.ok(stopped.parts.every(({ name }) => name !== "memory"));
    await to.begin(stopped);
    await send(stopped);
    await to.complete(stopped);
    await sandbox.destroy();
    const moved = await goal.reattach({ driver: "microvm", version: 1, id });
    assert.equal(moved.status(), "stopped");
    await moved.pausing?.resume();
    assert.equal(await outputOf(await moved.exec({ id: "read", argv: ["cat", "/root/file"] })), "kept\n");
    await moved.destroy();
    assert.deepEqual(await goal.sandboxes(), []);
  } finally {
    await sandbox.destroy();
  }
});

const logsOf = ({ parts }: SandboxImage) => parts.map(({ name }) => name).filter((name) => /^(out|err)\./.test(name));
const layerFiles = (directory: string) => globSync(join(directory, "store/disk_*"));
const machineFiles = (directory: string) => globSync(join(directory, "machines", id, "disk_*"));
