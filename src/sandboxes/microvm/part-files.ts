/** Files as parts of an image: packed (zstd) on their way, checked where they arrive. A file with holes gets them back: blocks of zeros are not written. */
import { createHash, type Hash } from "node:crypto";
import { closeSync, createReadStream, createWriteStream, fsyncSync, openSync, rmSync, statSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress, createZstdDecompress } from "node:zlib";
import { asStorageError, errnoOf, YardError } from "../../platform/errors.ts";
import type { ImagePart } from "../sandbox.ts";

const chunkBytes = 1024 * 1024;
/** Holes of a file come and go in these. */
const blockBytes = 4096;
const zeros = Buffer.alloc(blockBytes);
/** The least work: what a disk holds is sent once, and lies nowhere for long. */
const packLevel = 1;
/** What packing may add to content that cannot be packed. */
const packingBytes = 64 * 1024;

/** Of a file's content as it is on the disk now. */
export async function hashOfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const bytes of createReadStream(path, { highWaterMark: chunkBytes })) hash.update(bytes);
  return hash.digest("hex");
}

export function sizesOf(path: string): Pick<ImagePart, "bytes" | "diskBytes"> {
  const { size, blocks } = statSync(path);
  return { bytes: size, diskBytes: Math.min(size, blocks * 512) };
}

/** @param options.isPacked it lies there as it is sent. It is read to its end also when its name goes meanwhile. */
export async function sendFile(path: string, { isPacked }: { isPacked: boolean }): Promise<Readable> {
  const file = (await open(path, "r")).createReadStream({ highWaterMark: chunkBytes });
  if (isPacked) return file;
  const packed = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: packLevel } });
  pipeline(file, packed).catch(() => {}); // who reads it hears of that
  return packed;
}

export type Expected = Pick<ImagePart, "name" | "bytes" | "hash">;

/** Its content, with its holes; on the disk when this resolves, and not there at all when it fails.
 *  @throws {YardError} invalid (`part`), storage_full; whatever `packed` throws */
export async function receiveFile(packed: AsyncIterable<Uint8Array>, path: string, expected: Expected): Promise<void> {
  await receive(path, expected, async () => {
    const hash = createHash("sha256");
    await using file = await open(path, "wx", 0o600);
    const unpacked = createZstdDecompress({ chunkSize: chunkBytes });
    await pipeline(packed, unpacked, (content: AsyncIterable<Buffer>) =>
      writeSparse(content, file, { hash, expected }),
    );
    await file.truncate(expected.bytes); // it may end with a hole
    await file.sync();
    return hash.digest("hex");
  });
}

/** As it comes; its content is checked. @returns its size. Else as `receiveFile` */
export async function receivePacked(
  packed: AsyncIterable<Uint8Array>,
  path: string,
  expected: Expected,
): Promise<number> {
  await receive(path, expected, async () => {
    const file = createWriteStream(path, { flags: "wx", mode: 0o600, highWaterMark: chunkBytes, flush: true });
    await pipeline(packed, bounded(expected.bytes + packingBytes, expected), file);
    const hash = createHash("sha256");
    const content = createReadStream(path, { highWaterMark: chunkBytes });
    const unpacked = createZstdDecompress({ chunkSize: chunkBytes });
    await pipeline(content, unpacked, bounded(expected.bytes, expected), async (source: AsyncIterable<Buffer>) => {
      for await (const bytes of source) hash.update(bytes);
    });
    return hash.digest("hex");
  });
  return statSync(path).size;
}

async function receive(path: string, expected: Expected, work: () => Promise<string>): Promise<void> {
  try {
    if ((await work()) !== expected.hash) throw damaged(expected);
  } catch (error) {
    rmSync(path, { force: true });
    const isUnpackable = errnoOf(error)?.startsWith("Z") ?? false;
    throw isUnpackable ? damaged(expected, error) : asStorageError(error, `The part ${expected.name} cannot be kept`);
  }
}

async function writeSparse(
  content: AsyncIterable<Buffer>,
  file: FileHandle,
  { hash, expected }: { hash: Hash; expected: Expected },
): Promise<void> {
  let position = 0;
  for await (const bytes of bounded(expected.bytes, expected)(content)) {
    hash.update(bytes);
    for (const { from, to } of spansOf(bytes, position)) {
      for (let at = from; at < to; ) {
        const { bytesWritten } = await file.write(bytes, at, to - at, position + at);
        at += bytesWritten;
      }
    }
    position += bytes.length;
  }
  if (position !== expected.bytes) throw damaged(expected);
}

/** Where in the chunk something else is than whole blocks of zeros. */
function* spansOf(bytes: Buffer, position: number): Generator<{ from: number; to: number }> {
  let from: number | undefined;
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + blockBytes - ((position + at) % blockBytes));
    const isHole = zeros.compare(bytes, at, end, 0, end - at) === 0;
    if (!isHole) from ??= at;
    else if (from !== undefined) {
      yield { from, to: at };
      from = undefined;
    }
    at = end;
  }
  if (from !== undefined) yield { from, to: bytes.length };
}

/** What unpacks to more than it should is not kept. */
function bounded(mostBytes: number, expected: Expected) {
  return async function* (content: AsyncIterable<Uint8Array>) {
    let bytes = 0;
    for await (const piece of content) {
      bytes += piece.length;
      if (bytes > mostBytes) throw damaged(expected);
      yield Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    }
  };
}

function damaged({ name }: Expected, cause?: unknown): YardError {
  const message = `The part ${name} was damaged on its way: it is not what was sent.`;
  return new YardError("invalid", message, { field: "part", cause });
}

/** A file that was renamed into it, or the file itself, survives a power failure from here on. */
export function syncPath(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
