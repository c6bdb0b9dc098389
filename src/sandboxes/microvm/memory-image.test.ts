import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { describe, test } from "node:test";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { DamagedMemory, type MemoryImage, packMemory, sendMemory, writeMemory } from "./memory-image.ts";

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

async function saved(directory: string): Promise<{ path: string; image: MemoryImage }> {
  const path = join(directory, "memory");
  let image: MemoryImage | undefined;
  await withLine(async ({ there, here }) => {
    there.end(content);
    image = await writeMemory(here, path, timeoutMs);
  });
  return { path, image: image ?? assert.fail("nothing was written") };
}

describe("the memory of a machine", () => {
  test("is sent as it was written, to an emulator that hangs up as soon as it has all of it", async () => {
    for (let round = 0; round < 10; round++) {
      await withLine(async ({ directory, there, here }) => {
        const { path, image } = await saved(directory);
        assert.equal(image.sizeBytes, content.length);
        const parts: Buffer[] = [];
        let bytes = 0;
        there.on("data", (part: Buffer) => {
          parts.push(part);
          bytes += part.length;
          if (bytes === content.length) there.end();
        });
        await sendMemory(path, image, here, timeoutMs);
        await once(there, "close");
        assert.ok(Buffer.concat(parts).equals(content));
      });
    }
  });

  test("is refused when it is shorter than it was, or gone", async () => {
    await withLine(async ({ directory, here }) => {
      const { path, image } = await saved(directory);
      truncateSync(path, content.length - 1);
      await assert.rejects(sendMemory(path, image, here, timeoutMs), DamagedMemory);
      await assert.rejects(sendMemory(`${path}-gone`, image, here, timeoutMs), DamagedMemory);
    });
  });

  test("is refused when one byte is another", async () => {
    await withLine(async ({ directory, there, here }) => {
      const { path, image } = await saved(directory);
      there.resume();
      const other = Buffer.from(content);
      other[1_000_000] = 0;
      writeFileSync(path, other);
      await assert.rejects(sendMemory(path, image, here, timeoutMs), DamagedMemory);
    });
  });

  test("that is packed takes less, and is sent as it was written", async () => {
    await withLine(async ({ directory, there, here }) => {
      const { path, image } = await saved(directory);
      const to = join(directory, "packed");
      const packed = await packMemory(path, image, { to, signal: never });
      assert.deepEqual(packed, { ...image, packedBytes: statSync(to).size });
      assert.ok(statSync(to).size < content.length / 100);
      const taken = buffer(there);
      await sendMemory(to, packed, here, timeoutMs);
      assert.ok((await taken).equals(content));
    });
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
        const { path, image } = await saved(directory);
        const to = join(directory, "packed");
        const packed = await packMemory(path, image, { to, signal: never });
        there.resume();
        damage(to);
        await assert.rejects(sendMemory(to, packed, here, timeoutMs), DamagedMemory);
      });
    });
  }

  test("that is damaged is not packed", async () => {
    await withLine(async ({ directory }) => {
      const { path, image } = await saved(directory);
      changeByte(path, 1_000_000);
      await assert.rejects(packMemory(path, image, { to: `${path}-packed`, signal: never }), DamagedMemory);
    });
  });

  test("that nobody takes is given up", async () => {
    await withLine(async ({ directory, there, here }) => {
      const { path, image } = await saved(directory);
      there.pause();
      await assert.rejects(sendMemory(path, image, here, 200), { code: "timeout" });
    });
  });
});

function changeByte(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
}
