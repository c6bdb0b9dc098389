/** Blobs as files below one directory, with names of their own, and an index that knows them by key (file-index.ts). */
import { type FileHandle, mkdir, open, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createBatchedWriter } from "../batched-writer.ts";
import type { Clock } from "../clock.ts";
import { asStorageError, errnoOf, isYardError, YardError } from "../errors.ts";
import { randomText } from "../ids.ts";
import { type BlobStore, checkBlobKey, checkListLimit, type PutOptions, resolveRange } from "./blob-store.ts";
import { createMeter } from "./content-meter.ts";
import { type FileIndex, type IndexedBlob, openFileIndex } from "./file-index.ts";

/** Of reading: twice as fast as the default of 64 KiB. */
const chunkBytes = 1024 ** 2;

/** Opens the store, or makes it, and deletes what an earlier process left unfinished. One process at a time.
 *  @param directory exists and is ours alone */
export async function openFileBlobStore({ directory, clock }: { directory: string; clock: Clock }): Promise<BlobStore> {
  const index = openFileIndex(join(directory, "index.db"));
  const pathOf = (file: string) => join(directory, "objects", file.slice(0, 2), file);

  /** Deletes a leftover. If that fails it costs room only, until the next start finds it and tries again. */
  async function discard(file: string): Promise<void> {
    try {
      await rm(pathOf(file), { force: true });
      index.forget(file);
    } catch {}
  }

  for (const file of index.leftovers()) await discard(file);

  return {
    async put(key, content, options = {}) {
      checkBlobKey(key);
      const file = randomText(26);
      await index.announce(file);
      try {
        const written = await writeFile(pathOf(file), content, options);
        const replaced = await index.publish({
          ...{ key, file, ...written, modifiedAt: clock.now() },
          contentType: options.contentType ?? null,
        });
        if (replaced !== undefined) await discard(replaced);
        return written;
      } catch (error) {
        await discard(file);
        throw asStorageError(error, `Storing ${key}`);
      }
    },

    async get(key, { range } = {}) {
      checkBlobKey(key);
      const { blob, handle } = await openBlob(index, pathOf, key);
      try {
        const part = resolveRange(range, blob.bytes);
        return { ...withoutFile(blob), range: part, stream: await readPart(handle, part) };
      } catch (error) {
        await handle.close();
        throw error;
      }
    },

    async head(key) {
      checkBlobKey(key);
      return withoutFile(index.find(key) ?? notFound(key));
    },

    async delete(key) {
      checkBlobKey(key);
      const file = await removeFromIndex(index, pathOf, key);
      if (file !== undefined) await discard(file);
    },

    async list(prefix, { after = "", limit }) {
      checkListLimit(limit);
      return index.page(prefix, { after, limit }).map(withoutFile);
    },

    [Symbol.asyncDispose]: () => index[Symbol.asyncDispose](),
  };
}

/** Writes a new file and syncs it, and its directory, so that both survive a power cut. */
async function writeFile(
  path: string,
  content: AsyncIterable<Uint8Array>,
  { signal, givesContent = false, ...bounds }: PutOptions,
): Promise<{ bytes: number; sha256: string }> {
  const meter = createMeter(bounds);
  const madeFrom = await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await using handle = await open(path, "wx", 0o600);
  const writer = createBatchedWriter(handle, {
    check: (piece) => meter.take(piece),
    fault: (error) => error,
    ownsPieces: givesContent,
  });
  // A pipeline of a Readable, because that is ended by `signal` also when the source has gone silent.
  await pipeline(content instanceof Readable ? content : Readable.from(content), writer, { signal });
  const measured = meter.end();
  await handle.sync();
  await syncDirectory(dirname(path));
  if (madeFrom !== undefined) await syncDirectory(dirname(madeFrom));
  return measured;
}

async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, "r");
  await directory.sync();
}

/** The blob with its file open. When the file has gone between looking it up and opening it, the blob was replaced or deleted: look again. */
async function openBlob(
  index: FileIndex,
  pathOf: (file: string) => string,
  key: string,
): Promise<{ blob: IndexedBlob; handle: FileHandle }> {
  for (let previous: IndexedBlob | undefined; ; ) {
    const blob = index.find(key) ?? notFound(key);
    if (blob.file === previous?.file) notFound(key); // its deletion was cut short on a full disk, see removeFromIndex
    previous = blob;
    try {
      return { blob, handle: await open(pathOf(blob.file), "r") };
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    }
  }
}

async function readPart(handle: FileHandle, { offset, length }: { offset: number; length: number }): Promise<Readable> {
  if (length > 0)
    return handle.createReadStream({ start: offset, end: offset + length - 1, highWaterMark: chunkBytes });
  await handle.close();
  return Readable.from([]);
}

/** On a full disk the index cannot grow by the few pages of its log: then the file goes first, which makes the room. */
async function removeFromIndex(
  index: FileIndex,
  pathOf: (file: string) => string,
  key: string,
): Promise<string | undefined> {
  try {
    return await index.remove(key);
  } catch (error) {
    const file = index.find(key)?.file;
    if (!isYardError(error, "storage_full") || file === undefined) throw error;
    await rm(pathOf(file), { force: true });
    return await index.remove(key);
  }
}

function withoutFile({ file: _file, ...info }: IndexedBlob) {
  return info;
}

function notFound(key: string): never {
  throw new YardError("not_found", `There is no blob ${JSON.stringify(key)}.`, { field: "key" });
}
