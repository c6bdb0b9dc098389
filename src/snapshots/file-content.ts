/** Contents of files. Up to 64 KiB: one piece. Larger: a list of pieces, cut by content (chunker.ts); the list is, per piece, 32 bytes
 *  of id and the piece's length (LEB128).
 *
 *  Where a piece ends follows from the bytes since the piece before it. So a file that is changed behind some point is cut anew only from
 *  the piece before that point on, and the result is what cutting all of it would give. */
import { ByteReader, ByteWriter } from "./bytes.ts";
import { nextChunkBytes, wholeFileBytes } from "./chunker.ts";
import { maxPieceBytes, type ObjectId, objectKinds } from "./object.ts";
import { getObject, type ObjectSource } from "./object-store.ts";
import type { ObjectWriter } from "./object-writer.ts";

export interface StoredContent {
  readonly size: number;
  readonly content: ObjectId;
}

interface Piece {
  readonly id: ObjectId;
  readonly bytes: number;
}

/** Bytes that are not cut yet are held in memory up to this many. */
const mostUncutBytes = 2 * maxPieceBytes;

/** The bytes from `offset` on, at most `length`: all that exist. */
export async function readContent(
  source: ObjectSource,
  { size, content }: StoredContent,
  { offset, length }: { offset: number; length: number },
): Promise<Buffer> {
  const end = Math.min(size, offset + length);
  if (offset >= end) return Buffer.alloc(0);
  if (size <= wholeFileBytes) return (await getObject(source, content, objectKinds.piece)).subarray(offset, end);
  return await readPieces(source, await loadPieces(source, content), offset, end);
}

async function loadPieces(source: ObjectSource, list: ObjectId): Promise<readonly Piece[]> {
  return decodePieceList(await getObject(source, list, objectKinds.pieceList));
}

export function decodePieceList(payload: Buffer): readonly Piece[] {
  const reader = new ByteReader(payload);
  const pieces: Piece[] = [];
  while (!reader.isAtEnd) pieces.push({ id: reader.id(), bytes: reader.number() });
  return pieces;
}

async function readPieces(
  source: ObjectSource,
  pieces: readonly Piece[],
  offset: number,
  end: number,
): Promise<Buffer> {
  const parts: Buffer[] = [];
  let begin = 0;
  for (const { id, bytes } of pieces) {
    if (begin < end && begin + bytes > offset) {
      const piece = await getObject(source, id, objectKinds.piece);
      parts.push(piece.subarray(Math.max(0, offset - begin), end - begin));
    }
    begin += bytes;
  }
  return Buffer.concat(parts);
}

/** The ids of all objects that a file's content is made of. */
export async function objectsOfContent(source: ObjectSource, { size, content }: StoredContent): Promise<ObjectId[]> {
  if (size <= wholeFileBytes) return [content];
  return [content, ...(await loadPieces(source, content)).map(({ id }) => id)];
}

/** A content that is being changed: the pieces that are settled, and the bytes behind them. */
export class FileContent {
  readonly #writer: ObjectWriter;
  #pieces: Piece[] = [];
  #settledBytes = 0;
  #tail: Buffer[] = [];
  #tailBytes = 0;

  constructor(writer: ObjectWriter) {
    this.#writer = writer;
  }

  static async of(writer: ObjectWriter, stored: StoredContent): Promise<FileContent> {
    const content = new FileContent(writer);
    if (stored.size <= wholeFileBytes) {
      if (stored.size > 0) content.#pushTail(await getObject(writer.source, stored.content, objectKinds.piece));
      return content;
    }
    content.#settle(await loadPieces(writer.source, stored.content));
    await content.#reopenLast();
    return content;
  }

  get size(): number {
    return this.#settledBytes + this.#tailBytes;
  }

  /** In memory. */
  get heldBytes(): number {
    return this.#tailBytes;
  }

  /** @param bytes are not to be changed afterwards */
  async append(bytes: Uint8Array): Promise<void> {
    for (let begin = 0; begin < bytes.length; begin += maxPieceBytes) {
      this.#pushTail(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).subarray(begin, begin + maxPieceBytes));
      if (this.#tailBytes >= mostUncutBytes) await this.#cut({ isLast: false });
    }
  }

  /** Drops what is behind `size`, or fills up with zeros to it. */
  async truncate(size: number): Promise<void> {
    while (this.#settledBytes > size) await this.#reopenLast();
    if (size < this.size) this.#replaceTail(this.#joinTail().subarray(0, size - this.#settledBytes));
    const zeros = Buffer.alloc(Math.min(maxPieceBytes, size - this.size));
    while (this.size < size) await this.append(zeros.subarray(0, size - this.size));
  }

  async read({ offset, length }: { offset: number; length: number }): Promise<Buffer> {
    const end = Math.min(this.size, offset + length);
    if (offset >= end) return Buffer.alloc(0);
    const settled = await readPieces(this.#writer.source, this.#pieces, offset, Math.min(end, this.#settledBytes));
    const tail = this.#joinTail().subarray(
      Math.max(0, offset - this.#settledBytes),
      Math.max(0, end - this.#settledBytes),
    );
    return Buffer.concat([settled, tail]);
  }

  /** Hands everything to the writer. The content may be changed on. */
  async store(): Promise<StoredContent> {
    const { size } = this;
    if (size <= wholeFileBytes) {
      const content = await this.#writer.put({ kind: objectKinds.piece, payload: this.#joinTail() });
      return { size, content };
    }
    await this.#cut({ isLast: true });
    const list = new ByteWriter();
    for (const { id, bytes } of this.#pieces) list.id(id).number(bytes);
    const content = await this.#writer.put({ kind: objectKinds.pieceList, payload: list.finish() });
    await this.#reopenLast();
    return { size, content };
  }

  /** Settles what can be cut whatever follows; with `isLast`, everything. */
  async #cut({ isLast }: { isLast: boolean }): Promise<void> {
    const bytes = this.#joinTail();
    let begin = 0;
    while (begin < bytes.length) {
      const length = nextChunkBytes(bytes.subarray(begin), isLast);
      if (length === undefined) break;
      const id = await this.#writer.put({ kind: objectKinds.piece, payload: bytes.subarray(begin, begin + length) });
      this.#settle([{ id, bytes: length }]);
      begin += length;
    }
    this.#replaceTail(bytes.subarray(begin));
  }

  #settle(pieces: readonly Piece[]): void {
    for (const piece of pieces) {
      this.#pieces.push(piece);
      this.#settledBytes += piece.bytes;
    }
  }

  /** Makes the last piece the tail again: the end of the file cut it, which is no place to cut once more bytes follow. */
  async #reopenLast(): Promise<void> {
    const last = this.#pieces.pop();
    if (last === undefined) return;
    this.#settledBytes -= last.bytes;
    this.#replaceTail(await getObject(this.#writer.source, last.id, objectKinds.piece));
  }

  #joinTail(): Buffer {
    if (this.#tail.length > 1) this.#tail = [Buffer.concat(this.#tail)];
    return this.#tail[0] ?? Buffer.alloc(0);
  }

  #replaceTail(bytes: Buffer): void {
    this.#tail = [bytes];
    this.#tailBytes = bytes.length;
  }

  #pushTail(bytes: Buffer): void {
    this.#tail.push(bytes);
    this.#tailBytes += bytes.length;
  }
}
