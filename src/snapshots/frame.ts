/** Frames: objects that were written together, compressed together. Small files compress far better in company, and reading one of them
 *  reads its neighbours, which are most often wanted next.
 *
 *  One byte says how the rest is compressed (0: not, 1: zstd). Then, per object: its kind, the length of its payload (4 bytes, little
 *  endian), the payload. Ids are not written: whoever reads computes them, so nothing damaged or forged is ever taken for an object. */
import { promisify } from "node:util";
import { zstdCompress, zstdDecompress } from "node:zlib";
import { YardError } from "../platform/errors.ts";
import { isObjectKind, maxPieceBytes, type ObjectId, objectIdOf, type StoredObject } from "./object.ts";

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** A frame takes more objects until it has this many bytes. Reading any of them costs decompressing all of it. */
const wishedFrameBytes = 64 * 1024;
const recordHeaderBytes = 5;
/** More than any frame that was ever written: a page of 4 MiB behind small objects. What expands beyond is no frame. */
const mostFrameBytes = 8 * maxPieceBytes;

const plain = 0;
const zstd = 1;

/** Groups objects, in their order, into what makes one frame each. */
export function* groupIntoFrames<T extends { readonly object: StoredObject }>(objects: Iterable<T>): Generator<T[]> {
  let group: T[] = [];
  let bytes = 0;
  for (const item of objects) {
    group.push(item);
    bytes += item.object.payload.length + recordHeaderBytes;
    if (bytes < wishedFrameBytes) continue;
    yield group;
    group = [];
    bytes = 0;
  }
  if (group.length > 0) yield group;
}

export async function encodeFrame(objects: readonly StoredObject[]): Promise<Buffer> {
  const records = Buffer.concat(objects.flatMap(({ kind, payload }) => [recordHeader(kind, payload.length), payload]));
  const compressed = await compress(records);
  const [method, body] = compressed.length < records.length ? [zstd, compressed] : [plain, records];
  return Buffer.concat([Uint8Array.of(method), body]);
}

/** The objects that a frame really holds, by the ids that they really have.
 *  @throws {YardError} internal, for what is no frame */
export async function decodeFrame(frame: Buffer): Promise<ReadonlyMap<ObjectId, StoredObject>> {
  const records = await expand(frame);
  const objects = new Map<ObjectId, StoredObject>();
  for (let position = 0; position < records.length; ) {
    if (position + recordHeaderBytes > records.length) throw damaged();
    const kind = records[position]!;
    const begin = position + recordHeaderBytes;
    position = begin + records.readUInt32LE(position + 1);
    if (!isObjectKind(kind) || position > records.length) throw damaged();
    const object = { kind, payload: records.subarray(begin, position) };
    objects.set(objectIdOf(object), object);
  }
  return objects;
}

function recordHeader(kind: number, length: number): Buffer {
  const header = Buffer.alloc(recordHeaderBytes);
  header[0] = kind;
  header.writeUInt32LE(length, 1);
  return header;
}

async function expand(frame: Buffer): Promise<Buffer> {
  if (frame[0] === plain) return frame.subarray(1);
  if (frame[0] !== zstd) throw damaged();
  try {
    return await decompress(frame.subarray(1), { maxOutputLength: mostFrameBytes });
  } catch (cause) {
    throw damaged(cause);
  }
}

function damaged(cause?: unknown): YardError {
  return new YardError("internal", "A part of the snapshot store is damaged. Restore it from a backup.", { cause });
}
