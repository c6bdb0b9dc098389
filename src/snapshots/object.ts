/** Objects: what a snapshot is made of on the disk. Each is immutable and known by the SHA-256 of its kind and bytes. */
import { createHash } from "node:crypto";

/** 64 lower-case hexadecimal digits. */
export type ObjectId = string;

/** The byte that says what an object is. Hashed with it, so that a file whose bytes look like a directory is still a file. */
export const objectKinds = {
  /** Bytes of a file: all of a small one, or one chunk of a large one. */
  piece: 0x70,
  /** The chunks of a large file (file-content.ts). */
  pieceList: 0x6c,
  /** Entries of a directory (directory-page.ts). */
  page: 0x74,
  /** The pages of a large directory. */
  pageList: 0x69,
} as const;
export type ObjectKind = (typeof objectKinds)[keyof typeof objectKinds];

export interface StoredObject {
  readonly kind: ObjectKind;
  readonly payload: Buffer;
}

/** Of a piece: the largest chunk. Pages and lists stay far below it with the bounds on names and entries. */
export const maxPieceBytes = 4 * 1024 ** 2;

export function objectIdOf({ kind, payload }: StoredObject): ObjectId {
  return createHash("sha256").update(Uint8Array.of(kind)).update(payload).digest("hex");
}

/** Whether the text could be an id, in either case of letters. */
export function isObjectId(text: string): boolean {
  return /^[0-9a-f]{64}$/i.test(text);
}

export function isObjectKind(byte: number): byte is ObjectKind {
  return Object.values<number>(objectKinds).includes(byte);
}
