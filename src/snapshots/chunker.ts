/** Content-defined chunking: where a large file is cut follows from the bytes just before the cut, not from their position. A byte that is
 *  inserted moves all that follows it, but changes only the chunk that it is in: the others are recognised and stored once.
 *
 *  A gear hash with normalised chunking (the idea of FastCDC, Xia et al., USENIX ATC 2016): a cut is where the top bits of a rolling
 *  hash over the last 32 bytes are zero; before the wished-for size more bits are asked for, after it fewer, so that sizes keep close to it.
 *  npm has no well-kept library for this. */
import { hash } from "node:crypto";
import { maxPieceBytes } from "./object.ts";

const minBytes = 256 * 1024;
const wishedBytes = 1024 ** 2;

/** A file of at most this many bytes is never cut. */
export const wholeFileBytes = 64 * 1024;

/** 22 and 18 leading bits. */
const maskBeforeWished = 0xfffffc00 | 0;
const maskAfterWished = 0xffffc000 | 0;

/** Fixed for ever: with another table nothing that is stored would be recognised. */
const gear = Int32Array.from({ length: 256 }, (_, byte) =>
  hash("sha256", `runyard gear ${byte}`, "buffer").readInt32LE(),
);

/** How many bytes of `bytes`, which begin where the last chunk ended, are the next chunk.
 *  @param isLast no more bytes follow
 *  @returns undefined when more bytes are needed to tell */
export function nextChunkBytes(bytes: Uint8Array, isLast: boolean): number | undefined {
  const end = Math.min(bytes.length, maxPieceBytes);
  const wished = Math.min(end, wishedBytes);
  let rolling = 0;
  let position = Math.min(end, minBytes);
  for (; position < wished; position++) {
    rolling = ((rolling << 1) + gear[bytes[position]!]!) | 0;
    if ((rolling & maskBeforeWished) === 0) return position + 1;
  }
  for (; position < end; position++) {
    rolling = ((rolling << 1) + gear[bytes[position]!]!) | 0;
    if ((rolling & maskAfterWished) === 0) return position + 1;
  }
  return isLast || end === maxPieceBytes ? end : undefined;
}
