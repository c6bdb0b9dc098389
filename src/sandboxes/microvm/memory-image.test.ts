import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, statSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { checkMemory, DamagedMemory, type KeptMemory, keepMemory, packMemory, sendPacked } from "./memory-image.ts";

const timeoutMs = 30_000;
const never = new AbortController().signal;
const content = Buffer.alloc(3_000_000, "memory");

interface Line {
  readonly directory: string;
  /** Of the emulator. */
  readonly there: Socket;
  readonly here: Socket;
}

/** Both ends of a connection as an emulator has it. */
async function withLine(act: (line: Line) => Promise<void>): Promise<void> {
  using directory = temporaryDirectory();
  const path = join(directory.path, "socket");
  await using server = createServer({ allowHalfOpen: true }).listen(path);
  await once(server, "listening");
  const connected = once(server, "connection");
  const here = connect({ path, allowHalfOpen: true });
  const there: Socket = (await connected)[0];
  try {
    await act({ directory: directory.path, there, here });
  } finally {
    here.destroy();
    there.destroy();
  }
}

async function saved(directory: string): Promise<KeptMemory> {
  const path = join(directory, "memory");
  writeFileSync(path, content);
  return { path, image: await keepMemory(path, async () => {}) };
}

const packedAs = async (memory: KeptMemory): Promise<KeptMemory> => {
  const path = `${memory.path}-packed`;
  return { path, image: await packMemory(memory.path, memory.image, { to: path, signal: never }) };
};

describe("the memory of a machine", () => {
  test("is kept as it is once all of it is written, and checked", async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "memory");
    const file = openSync(path, "w");
    const written = Promise.withResolvers<void>();
    const keeping = keepMemory(path, () => written.promise);
    for (const at of [0, 1, 2]) {
      writeSync(file, content.subarray(at * 1_000_000, (at + 1) * 1_000_000));
      await sleep(5);
    }
    written.resolve();
    closeSync(file);
    const image = await keeping;
    assert.deepEqual(image, {
      sizeBytes: content.length,
      hash: createHash("sha256").update(content).digest("hex"),
    });
    await checkMemory({ path, image });
  });

  test("is not kept while anybody can still write to it", async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "memory");
    const file = openSync(path, "w");
    let isKept = false;
    const keeping = keepMemory(path, async () => {}).then(() => {
      isKept = true;
    });
    await sleep(50);
    assert.equal(isKept, false);
    closeSync(file);
    await keeping;
  });

  test("is not kept when it could not be written, for the same reason", async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "memory");
    writeFileSync(path, content);
    await assert.rejects(
      keepMemory(path, () => Promise.reject(new Error("the emulator has died"))),
      /has died/,
    );
  });

  test("is refused when it is shorter than it was, or gone", async () => {
    using directory = temporaryDirectory();
    const { path, image } = await saved(directory.path);
    truncateSync(path, content.length - 1);
    await assert.rejects(checkMemory({ path, image }), DamagedMemory);
    await assert.rejects(checkMemory({ path: `${path}-gone`, image }), DamagedMemory);
  });

  test("is refused when one byte is another", async () => {
    using directory = temporaryDirectory();
    const memory = await saved(directory.path);
    changeByte(memory.path, 1_000_000);
    await assert.rejects(checkMemory(memory), DamagedMemory);
  });

  test("that is packed is sent as it was written, to an emulator that hangs up as soon as it has all of it", async () => {
    for (let round = 0; round < 10; round++) {
      await withLine(async ({ directory, there, here }) => {
        const packed = await packedAs(await saved(directory));
        const parts: Buffer[] = [];
        let bytes = 0;
        there.on("data", (part: Buffer) => {
          parts.push(part);
          bytes += part.length;
          if (bytes === content.length) there.end();
        });
        await sendPacked(packed, here, timeoutMs);
        await once(there, "close");
        assert.ok(Buffer.concat(parts).equals(content));
      });
    }
  });

  test("that is packed takes less", async () => {
    using directory = temporaryDirectory();
    const memory = await saved(directory.path);
    const { path, image } = await packedAs(memory);
    assert.deepEqual(image, { ...memory.image, packedBytes: statSync(path).size });
    assert.ok(statSync(path).size < content.length / 100);
  });

  for (const { what, damage } of [
    { what: "shorter", damage: (path: string) => truncateSync(path, statSync(path).size - 1) },
    { what: "different in one byte", damage: (path: string) => changeByte(path, 20) },
    {
      what: "no packed file at all",
      damage: (path: string) => writeFileSync(path, Buffer.alloc(statSync(path).size, 7)),
    },
  ]) {
    test(`that is packed is refused when it is ${what}`, async () => {
      await withLine(async ({ directory, there, here }) => {
        const packed = await packedAs(await saved(directory));
        there.resume();
        damage(packed.path);
        await assert.rejects(sendPacked(packed, here, timeoutMs), DamagedMemory);
      });
    });
  }

  test("that is damaged is not packed", async () => {
    using directory = temporaryDirectory();
    const memory = await saved(directory.path);
    changeByte(memory.path, 1_000_000);
    await assert.rejects(packedAs(memory), DamagedMemory);
  });

  test("that nobody takes is given up", async () => {
    await withLine(async ({ directory, there, here }) => {
      const packed = await packedAs(await saved(directory));
      there.pause();
      await assert.rejects(sendPacked(packed, here, 200), { code: "timeout" });
    });
  });
});

function changeByte(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
}
