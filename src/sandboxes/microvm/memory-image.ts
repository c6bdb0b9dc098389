/** Memory images: what a stopped machine holds besides its disk, as the emulator writes it (pages of zeros take nothing). The emulator cannot open any: it is given a
 *  descriptor of the one that it writes, or reads, and we read the same pages of the page cache beside it for their checksum. One that lies for longer is packed
 *  (packer.ts), and goes back through a socket, unpacked on the way. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import type { Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { constants, createZstdCompress, createZstdDecompress } from "node:zlib";
import { asStorageError, errnoOf, YardError } from "../../platform/errors.ts";
import { libc } from "../../platform/process/libc.ts";

export interface MemoryImage {
  /** As the emulator has written it. */
  readonly sizeBytes: number;
  /** Likewise: SHA-256, in hexadecimal. */
  readonly hash: string;
  /** Of the file, where that is packed (zstd). */
  readonly packedBytes?: number;
}

/** One that was kept. */
export interface KeptMemory {
  readonly path: string;
  readonly image: MemoryImage;
}

const chunkBytes = 1024 * 1024;
const lookAgainMs = 2;
const letGoWithinMs = 5_000;
/** zstd's own default: of 77 MB of a machine that has just booted it leaves 23, in half a second. Level 6 takes three times as long, and leaves 21. */
const packLevel = 3;

/** Resolves when all of it is on the disk, and nobody can change it any more.
 *  @param write resolves when whoever writes the file has written all of it   @throws what `write` does; {YardError} unavailable, storage_full */
export async function keepMemory(path: string, write: () => Promise<void>): Promise<MemoryImage> {
  await using file = await open(path);
  let isOver = false;
  const kept = write()
    .finally(() => {
      isOver = true;
    })
    .then(() => Promise.all([file.sync(), requireNoWriter(file, path)]));
  kept.catch(() => {}); // which is waited for below
  try {
    const hash = createHash("sha256");
    let sizeBytes = 0;
    for (let isLast = false; !isLast; ) {
      isLast = isOver; // asked before the rest is read
      sizeBytes += await readOn(file, sizeBytes, hash);
      if (!isLast) await sleep(lookAgainMs);
    }
    await kept;
    return { sizeBytes, hash: hash.digest("hex") };
  } catch (error) {
    throw asStorageError(error, "The memory of the machine cannot be kept");
  }
}

/** An emulator that were taken over could keep the descriptor, and change later what others lie on. It lets go of it a moment after it has said that all is written. */
async function requireNoWriter(file: FileHandle, path: string): Promise<void> {
  const deadline = performance.now() + letGoWithinMs;
  while (libc()?.isOpenForWriting(file.fd)) {
    if (performance.now() > deadline)
      throw new YardError("unavailable", "The emulator does not let go of the memory image.", { cause: path });
    await sleep(lookAgainMs);
  }
}

/** From there to the end that it has now. @returns how many bytes that was */
async function readOn(file: FileHandle, from: number, sum: { update(bytes: Buffer): unknown }): Promise<number> {
  const buffer = Buffer.allocUnsafe(chunkBytes);
  let at = from;
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return at - from;
    sum.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}

/** Of one that is not packed. @throws {YardError} unavailable: it is not what was written */
export async function checkMemory({ path, image }: KeptMemory): Promise<void> {
  await requireSize({ path, image });
  const hash = createHash("sha256");
  await using file = await open(path);
  await readOn(file, 0, hash);
  if (hash.digest("hex") !== image.hash) throw new DamagedMemory(path);
}

async function requireSize({ path, image: { sizeBytes, packedBytes } }: KeptMemory): Promise<void> {
  const size = await stat(path).then(
    ({ size }) => size,
    () => -1,
  );
  if (size !== (packedBytes ?? sizeBytes)) throw new DamagedMemory(path);
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

/** Sends one that is packed to an emulator that waits for it, which may close its end as soon as it has all of it.
 *  @param socket with `allowHalfOpen`: otherwise it could end with the emulator's end, before the pipeline ends it, and the pipeline would wait for that forever
 *  @throws {YardError} unavailable: it is not what was written. What the emulator has of it then is worth nothing */
export async function sendPacked({ path, image }: KeptMemory, socket: Socket, timeoutMs: number): Promise<void> {
  await requireSize({ path, image });
  const sum = createSum();
  const signal = AbortSignal.timeout(timeoutMs);
  const file = createReadStream(path, { highWaterMark: chunkBytes });
  const unpacked = createZstdDecompress({ chunkSize: chunkBytes });
  await pipeline(file, unpacked, sum.through, socket, { signal }).catch((error) => {
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
