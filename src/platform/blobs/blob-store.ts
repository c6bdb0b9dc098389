/** Where large content lives: artifacts, attachments, snapshots. One narrow interface; every backend passes conformance.ts. */
import type { Readable } from "node:stream";
import { YardError } from "../errors.ts";

export interface BlobEntry {
  readonly key: string;
  readonly bytes: number;
  /** Milliseconds since 1970, exact to the second. */
  readonly modifiedAt: number;
}

export interface BlobInfo extends BlobEntry {
  /** Hex. Null where a store other than ours got the content by a presigned URL, or in parts. */
  readonly sha256: string | null;
  readonly contentType: string | null;
}

export interface Blob extends BlobInfo {
  /** Read it to its end or destroy it: it holds a descriptor. What is read stays whole, also when the blob is replaced or deleted meanwhile. */
  readonly stream: Readable;
  /** Which part of the blob `stream` gives. */
  readonly range: { readonly offset: number; readonly length: number };
}

export interface BlobStore extends AsyncDisposable {
  /** Stores all of `content`, in place of what was there. Resolves when it is on the disk; until then, and when it fails or is
   *  aborted, readers see what was there before. The SHA-256 that it returns is always known.
   *  @throws {YardError} invalid (`key`; not of `bytes`), too_large (over `maxBytes` or `bytes`), storage_full, unavailable; or the error of `content` */
  put(
    key: string,
    content: AsyncIterable<Uint8Array>,
    options?: PutOptions,
  ): Promise<{ readonly bytes: number; readonly sha256: string }>;
  /** A `length` that reaches over the end means: up to the end. Where the SHA-256 is known, reading all of a blob that does not match fails at its end.
   *  @throws {YardError} not_found; invalid (`range`), when it begins beyond the end; unavailable */
  get(key: string, options?: { readonly range?: { readonly offset: number; readonly length?: number } }): Promise<Blob>;
  /** @throws {YardError} not_found */
  head(key: string): Promise<BlobInfo>;
  /** Also fine when there is none. */
  delete(key: string): Promise<void>;
  /** Those whose key begins with `prefix` and comes after `after`, ordered by the bytes of the key, at most `limit` (1 to 1,000). */
  list(prefix: string, options: { readonly after?: string; readonly limit: number }): Promise<readonly BlobEntry[]>;
}

/** URLs by which somebody without any other credential may do one thing with one blob, until it expires. */
export interface BlobUrls {
  /** Absolute, or, where the yard serves its blobs itself, a path with a query: whoever hands it out adds the origin at which it is reached.
   *  The blob need not be there.
   *  @throws {YardError} invalid (`key`, `expiresInMs`) */
  presign(request: PresignRequest): Promise<string>;
}

export type PresignRequest =
  | {
      readonly method: "GET";
      readonly key: string;
      readonly expiresInMs: number;
      /** What a browser saves it as. */
      readonly fileName?: string;
    }
  | {
      readonly method: "PUT";
      readonly key: string;
      readonly expiresInMs: number;
      /** A body of any other length is refused before anything of it is stored. */
      readonly contentLength: number;
    };

export interface PutOptions {
  readonly maxBytes?: number;
  /** Exactly so many. */
  readonly bytes?: number;
  /** The pieces of `content` are given away: their memory may be taken back as soon as they are written. */
  readonly givesContent?: boolean;
  readonly contentType?: string | null;
  readonly signal?: AbortSignal;
}

/** Of UTF-8: S3's own limit. */
const maxKeyBytes = 1_024;
const maxListLimit = 1_000;

/** Keys are names, not paths: `/`, `..`, spaces and any script are fine. Control characters are not (an S3 listing, which is XML, cannot
 *  carry them), nor is text that has no UTF-8 form, where two keys could become one.
 *  @throws {YardError} invalid */
export function checkBlobKey(key: string): void {
  const fault =
    key === ""
      ? "must not be empty"
      : !key.isWellFormed()
        ? "must be well-formed Unicode"
        : Buffer.byteLength(key) > maxKeyBytes
          ? `must not be longer than ${maxKeyBytes} bytes`
          : /[\u0000-\u001f\u007f]/.test(key)
            ? "must not have control characters"
            : undefined;
  if (fault !== undefined) throw new YardError("invalid", `A blob's key ${fault}.`, { field: "key" });
}

/** @throws {YardError} invalid */
export function checkListLimit(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= maxListLimit) return;
  throw new YardError("invalid", `limit must be a whole number from 1 to ${maxListLimit}.`, { field: "limit" });
}

/** The part of a blob of `bytes` bytes that is asked for.
 *  @throws {YardError} invalid */
export function resolveRange(
  range: { readonly offset: number; readonly length?: number } | undefined,
  bytes: number,
): { offset: number; length: number } {
  const { offset, length = bytes } = range ?? { offset: 0 };
  const isSound =
    Number.isSafeInteger(offset) && offset >= 0 && offset <= bytes && Number.isSafeInteger(length) && length >= 0;
  if (!isSound)
    throw new YardError("invalid", `The range must begin within the blob's ${bytes} bytes.`, { field: "range" });
  return { offset, length: Math.min(length, bytes - offset) };
}
