/** A temporary file without a name: nobody else can open it, and it is gone with the last descriptor, however this process ends. */
import { mkdir, open, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { asStorageError } from "./errors.ts";
import { randomText } from "./ids.ts";

export interface AnonymousFile extends AsyncDisposable {
  readonly bytes: number;
  /** From its first byte; once. */
  content(): Readable;
}

const chunkBytes = 1024 * 1024;

/** Holds `content` on the disk. @throws {YardError} storage_full, and what `content` throws */
export async function holdOnDisk(directory: string, content: AsyncIterable<Uint8Array>): Promise<AnonymousFile> {
  const path = join(directory, `.held-${randomText(20)}`);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await using opened = new AsyncDisposableStack();
  const file = opened.use(await open(path, "wx+", 0o600));
  await unlink(path);
  let bytes = 0;
  for await (const chunk of content) {
    await file.write(chunk).catch((error: unknown) => {
      throw asStorageError(error, "an upload cannot be held");
    });
    bytes += chunk.length;
  }
  const lifetime = opened.move();
  return {
    bytes,
    content: () => file.createReadStream({ start: 0, highWaterMark: chunkBytes, autoClose: false }),
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}
