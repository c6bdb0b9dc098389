/** Memory images: what a stopped machine holds besides its disk, as the emulator writes it (pages of zeros take nothing). The emulator itself reaches no such file: it
 *  comes and goes through a socket, and is checksummed on the way. One that lies for longer is packed (packer.ts), and unpacked on its way back. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress, createZstdDecompress } from "node:zlib";
import { asStorageError, errnoOf, YardError } from "../../platform/errors.ts";

export interface MemoryImage {
  /** As the emulator has written it. */
  readonly sizeBytes: number;
  /** Likewise: SHA-256, in hexadecimal. */
  readonly hash: string;
  /** Of the file, where that is packed (zstd). */
  readonly packedBytes?: number;
}

const chunkBytes = 1024 * 1024;
/** zstd's own default: of 77 MB of a machine that has just booted it leaves 23, in half a second. Level 6 takes three times as long, and leaves 21. */
const packLevel = 3;

/** To its end, and onto the disk. @throws {YardError} storage_full */
export async function writeMemory(socket: Socket, path: string, timeoutMs: number): Promise<MemoryImage> {
  const sum = createSum();
  try {
    const file = createWriteStream(path, { mode: 0o600, highWaterMark: chunkBytes, flush: true });
    await pipeline(socket, sum.through, file, { signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    throw asStorageError(error, "The memory of the machine cannot be kept");
  }
  return sum.image();
}

/** Makes a smaller file of it, which is on the disk then.
 *  @throws {YardError} unavailable: it is not what was written; storage_full. The caller removes what was made   @throws the reason of `signal` */
export async function packMemory(
  path: string,
  image: MemoryImage,
  { to, signal }: { to: string; signal: AbortSignal },
): Promise<MemoryImage> {
  const sum = createSum();
  try {
    const file = createWriteStream(to, { mode: 0o600, highWaterMark: chunkBytes, flush: true });
    const zstd = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: packLevel } });
    await pipeline(createReadStream(path, { highWaterMark: chunkBytes }), sum.through, zstd, file, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw asStorageError(error, "The memory of the machine cannot be packed");
  }
  if (sum.image().hash !== image.hash) throw new DamagedMemory(path);
  return { ...image, packedBytes: (await stat(to)).size };
}

/** Sends it to an emulator that waits for it, which may close its end as soon as it has all of it.
 *  @param socket with `allowHalfOpen`: otherwise it could end with the emulator's end, before the pipeline ends it, and the pipeline would wait for that forever
 *  @throws {YardError} unavailable: it is not what was written. What the emulator has of it then is worth nothing */
export async function sendMemory(path: string, image: MemoryImage, socket: Socket, timeoutMs: number): Promise<void> {
  const size = await stat(path).then(
    ({ size }) => size,
    () => -1,
  );
  const { sizeBytes, packedBytes } = image;
  if (size !== (packedBytes ?? sizeBytes)) throw new DamagedMemory(path);
  const sum = createSum();
  const signal = AbortSignal.timeout(timeoutMs);
  const file = createReadStream(path, { highWaterMark: chunkBytes });
  const sent =
    packedBytes === undefined
      ? pipeline(file, sum.through, socket, { signal })
      : pipeline(file, createZstdDecompress({ chunkSize: chunkBytes }), sum.through, socket, { signal });
  await sent.catch((error) => {
    if (signal.aborted) throw new YardError("timeout", "The machine does not take its memory.");
    throw isUnpackable(error) ? new DamagedMemory(path) : error;
  });
  if (sum.image().hash !== image.hash) throw new DamagedMemory(path);
}

/** Of what goes through it. */
function createSum() {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  return {
    async *through(source: AsyncIterable<Buffer>) {
      for await (const bytes of source) {
        hash.update(bytes);
        sizeBytes += bytes.length;
        yield bytes;
      }
    },
    image: (): MemoryImage => ({ sizeBytes, hash: hash.digest("hex") }),
  };
}

/** What zlib says of content that no zstd has made, or that has changed since. */
function isUnpackable(error: unknown): boolean {
  const code = errnoOf(error);
  return code !== undefined && (code.startsWith("ZSTD_") || code.startsWith("Z_"));
}

/** It is not what was written, and never will be. */
export class DamagedMemory extends YardError {
  constructor(path: string) {
    super("unavailable", "The memory image of the machine is damaged: it can only be started anew.", {
      cause: `${path} is not as it was written`,
    });
  }
}
