/** Blobs as objects of one bucket of S3, which is ours alone. Any number of yards may share it.
 *
 *  An object appears when it is whole: S3 itself sees to that, also for content in parts. Its SHA-256 is in its metadata, except where that had
 *  to be sent before the content was known: of what comes in parts, and of what others put by a presigned URL. */
import { createHash } from "node:crypto";
import { addAbortSignal, Readable } from "node:stream";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadBucketCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { YardError } from "../errors.ts";
import {
  type Blob,
  type BlobEntry,
  type BlobInfo,
  type BlobStore,
  type BlobUrls,
  checkBlobKey,
  checkListLimit,
  type PutOptions,
  resolveRange,
} from "./blob-store.ts";
import { createMeter, measured } from "./content-meter.ts";
import { keyOfObject, objectNameOf, objectNamePrefix } from "./key-names.ts";
import { clearAbandonedUploads } from "./s3-abandoned.ts";
import { isMissing, isReplaced, s3Error } from "./s3-errors.ts";
import { presignS3 } from "./s3-presign.ts";

export interface S3Options {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Of content beyond one part, in bytes; four at a time are held in memory. S3 takes 10,000 of them, of 5 MiB or more. */
  readonly partBytes?: number;
  /** Of a request, with those that are tried again. */
  readonly maxAttempts?: number;
}

const defaultPartBytes = 16 * 1024 ** 2;
const mostParts = 10_000;
const timeouts = { connectionTimeout: 5_000, requestTimeout: 60_000, socketTimeout: 60_000 };

/** @throws {YardError} unavailable: the bucket cannot be reached, or not with these keys */
export async function openS3BlobStore(options: S3Options): Promise<BlobStore & BlobUrls> {
  const { endpoint, region, bucket: Bucket, partBytes = defaultPartBytes, maxAttempts = 4 } = options;
  await using opened = new AsyncDisposableStack();
  const client = new S3Client({
    ...{ endpoint, region, maxAttempts },
    forcePathStyle: true, // names of hosts made of buckets need DNS of their own
    credentials: { accessKeyId: options.accessKey, secretAccessKey: options.secretKey },
    // Newer checksums are unknown to many stores, and would be a part of presigned URLs, whose users do not send them.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: { ...timeouts, httpAgent: { maxSockets: 64 }, httpsAgent: { maxSockets: 64 } },
  });
  opened.defer(async () => client.destroy());
  const place = `${Bucket} at ${endpoint}`;
  const store: Store = { client, Bucket, place, partBytes };
  await told(store, "Opening the store of blobs", () => client.send(new HeadBucketCommand({ Bucket })));
  opened.use(clearAbandonedUploads({ client, Bucket }));
  const lifetime = opened.move();

  return {
    async put(key, content, putOptions = {}) {
      checkBlobKey(key);
      return await told(store, `Storing ${key}`, () => putObject(store, key, content, putOptions));
    },
    async get(key, { range } = {}) {
      checkBlobKey(key);
      return await told(store, `Reading ${key}`, () => (range ? getRange(store, key, range) : getWhole(store, key)));
    },
    async head(key) {
      checkBlobKey(key);
      return await told(store, `Looking for ${key}`, async () => infoOf(key, await headObject(store, key)));
    },
    async delete(key) {
      checkBlobKey(key);
      const Key = objectNameOf(key).name;
      await told(store, `Deleting ${key}`, () => client.send(new DeleteObjectCommand({ Bucket, Key })));
    },
    async list(prefix, { after, limit }) {
      checkListLimit(limit);
      return await told(store, "Listing blobs", () => listObjects(store, prefix, after, limit));
    },
    async presign(request) {
      checkBlobKey(request.key);
      return await presignS3(client, Bucket, request);
    },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

interface Store {
  readonly client: S3Client;
  readonly Bucket: string;
  readonly place: string;
  readonly partBytes: number;
}

async function told<T>({ place }: Store, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw s3Error(error, what, place);
  }
}

/** In one request if it fits into a part, so that its SHA-256 can go with it. */
async function putObject(
  { client, Bucket, partBytes }: Store,
  key: string,
  content: AsyncIterable<Uint8Array>,
  { signal, contentType, ...bounds }: PutOptions,
): Promise<{ bytes: number; sha256: string }> {
  const meter = createMeter({ ...bounds, maxBytes: Math.min(bounds.maxBytes ?? Infinity, mostParts * partBytes) });
  const source = content instanceof Readable ? content : Readable.from(content);
  if (signal?.aborted) source.destroy();
  signal?.throwIfAborted();
  if (signal) addAbortSignal(signal, source); // ends it also when it has gone silent
  const { name, isCut } = objectNameOf(key);
  const target = { Bucket, Key: name, ContentType: contentType ?? untyped };
  const metadata: Record<string, string> = isCut ? { key: Buffer.from(key).toString("base64url") } : {};
  const pieces = measured(source, meter);
  const first = await takePart(pieces, partBytes);
  if (first.isAll) {
    const ended = meter.end();
    const Metadata = { ...metadata, sha256: ended.sha256 };
    const put = new PutObjectCommand({ ...target, Metadata, Body: Buffer.concat(first.pieces) });
    await client.send(put, { abortSignal: signal });
    return ended;
  }
  let ended: ReturnType<typeof meter.end> | undefined;
  const body = Readable.from(
    (async function* () {
      yield* first.pieces;
      yield* pieces;
      ended = meter.end(); // before the parts become an object: content that is too short never does
    })(),
  );
  const params = { ...target, Metadata: metadata, Body: body };
  await new Upload({ client, params, partSize: partBytes, queueSize: 4 }).done();
  return ended ?? meter.end();
}

/** S3 gives every object a type. */
const untyped = "application/octet-stream";

/** The first pieces, up to more than `bytes`. The generator goes on after them. */
async function takePart(pieces: AsyncGenerator<Uint8Array, void>, bytes: number) {
  const taken: Uint8Array[] = [];
  for (let length = 0; length <= bytes; ) {
    const next = await pieces.next();
    if (next.done) return { pieces: taken, isAll: true };
    taken.push(next.value);
    length += next.value.byteLength;
  }
  return { pieces: taken, isAll: false };
}

async function headObject({ client, Bucket }: Store, key: string): Promise<HeadObjectCommandOutput> {
  return await client
    .send(new HeadObjectCommand({ Bucket, Key: objectNameOf(key).name }))
    .catch((error: unknown) => missing(error, key));
}

async function getWhole({ client, Bucket, place }: Store, key: string): Promise<Blob> {
  const output = await client
    .send(new GetObjectCommand({ Bucket, Key: objectNameOf(key).name }))
    .catch((error: unknown) => missing(error, key));
  const info = infoOf(key, output);
  return { ...info, stream: verified(bodyOf(output), info, place), range: { offset: 0, length: info.bytes } };
}

/** Its size has to be known first. What is replaced in between is looked at again. */
async function getRange(store: Store, key: string, range: { offset: number; length?: number }): Promise<Blob> {
  for (;;) {
    const head = await headObject(store, key);
    const info = infoOf(key, head);
    const part = resolveRange(range, info.bytes);
    if (part.length === 0) return { ...info, range: part, stream: Readable.from([]) };
    const Range = `bytes=${part.offset}-${part.offset + part.length - 1}`;
    const get = new GetObjectCommand({ Bucket: store.Bucket, Key: objectNameOf(key).name, Range, IfMatch: head.ETag });
    try {
      return { ...info, range: part, stream: bodyOf(await store.client.send(get)) };
    } catch (error) {
      if (!isReplaced(error)) missing(error, key);
    }
  }
}

function infoOf(key: string, output: HeadObjectCommandOutput | GetObjectCommandOutput): BlobInfo {
  const { ContentLength = 0, ContentType, LastModified, Metadata } = output;
  return {
    key,
    bytes: ContentLength,
    sha256: Metadata?.sha256 ?? null,
    contentType: ContentType === untyped ? null : (ContentType ?? null),
    modifiedAt: LastModified?.getTime() ?? 0,
  };
}

function bodyOf({ Body }: GetObjectCommandOutput): Readable {
  if (Body instanceof Readable) return Body;
  throw new YardError("unavailable", "The store has sent no content.");
}

/** The same content, which fails at its end unless it is what was stored. */
function verified(content: Readable, { key, bytes, sha256 }: BlobInfo, place: string): Readable {
  if (sha256 === null) return content;
  const checking = Readable.from(
    (async function* () {
      const hash = createHash("sha256");
      for await (const piece of content) {
        hash.update(piece);
        yield piece;
      }
      if (hash.digest("hex") === sha256) return;
      throw new YardError("unavailable", `${key} is damaged in ${place}: its ${bytes} bytes are not what was stored.`);
    })(),
    { objectMode: false },
  );
  checking.once("close", () => content.destroy());
  return checking;
}

async function listObjects(store: Store, prefix: string, after: string | undefined, limit: number) {
  const found: BlobEntry[] = [];
  const Prefix = objectNamePrefix(prefix);
  let StartAfter = after === undefined ? undefined : objectNameOf(after).name;
  for (;;) {
    const MaxKeys = limit - found.length;
    const list = new ListObjectsV2Command({ Bucket: store.Bucket, Prefix, StartAfter, MaxKeys });
    const { Contents = [], IsTruncated } = await store.client.send(list);
    for (const { Key = "", Size = 0, LastModified } of Contents) {
      StartAfter = Key;
      const key = keyOfObject(Key) ?? (await cutKeyOf(store, Key));
      if (!key?.startsWith(prefix)) continue;
      found.push({ key, bytes: Size, modifiedAt: LastModified?.getTime() ?? 0 });
    }
    if (!IsTruncated || found.length >= limit) return found;
  }
}

/** The key of an object whose name does not say it. @returns undefined when it is none of ours, or has gone */
async function cutKeyOf({ client, Bucket }: Store, Key: string): Promise<string | undefined> {
  try {
    const { Metadata } = await client.send(new HeadObjectCommand({ Bucket, Key }));
    const key = Buffer.from(Metadata?.key ?? "", "base64url").toString();
    return objectNameOf(key).name === Key ? key : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function missing(error: unknown, key: string): never {
  if (!isMissing(error)) throw error;
  throw new YardError("not_found", `There is no blob ${JSON.stringify(key)}.`, { field: "key" });
}
