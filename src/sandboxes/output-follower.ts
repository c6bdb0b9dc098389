/** Streams a growing file to one reader, at the reader's pace. */
import { close, type FSWatcher, fstatSync, openSync, read, readSync, watch } from "node:fs";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import { YardError } from "../platform/errors.ts";

export interface FollowParts {
  readonly path: string;
  readonly position: number;
  /** Position of the oldest byte that is kept. */
  readonly start: () => number;
  /** Aborted when the file will grow no more. A signal, not a promise: a promise would keep every waiter there has been. */
  readonly ended: AbortSignal;
}

/** Reading in chunks of 1 MiB is twice as fast as in Node's default of 64 KiB (measured). */
const chunkBytes = 1024 * 1024;
/** Read at once, as in output-file.ts: whoever types waits for each key's echo. */
const smallReadBytes = 64 * 1024;
const readAsync = promisify(read);
const closeAsync = promisify(close);
/** The file system tells us of each change; where it does not (some network ones), this is how late we notice. */
const safetyMs = 2_000;

export function followOutput({ path, position, start, ended }: FollowParts): Readable {
  const stopped = new AbortController();
  let file: number | undefined;
  /** A read that is under way holds the file open. */
  let reading: Promise<unknown> = Promise.resolve();
  let hasBegun = false;

  async function readFrom(fd: number, from: number, buffer: Buffer): Promise<number> {
    if (buffer.length <= smallReadBytes) return readSync(fd, buffer, 0, buffer.length, from);
    const begun = readAsync(fd, buffer, 0, buffer.length, from);
    reading = begun.catch(() => {});
    return (await begun).bytesRead;
  }

  async function next(): Promise<Buffer | null> {
    file ??= openSync(path, "r");
    while (!stopped.signal.aborted) {
      const wasComplete = ended.aborted; // before the read: what comes between the two is then read in the next turn
      if (hasBegun && start() > position) throw fellBehind(position);
      const from = Math.max(position, start());
      const { size } = fstatSync(file);
      if (size > from) {
        const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, size - from));
        const bytesRead = await readFrom(file, from, buffer);
        position = from + bytesRead;
        if (start() > from) throw fellBehind(from); // given back while we read: those bytes are zeros
        hasBegun = true;
        return buffer.subarray(0, bytesRead);
      } else if (wasComplete) {
        return null;
      } else {
        await changeOf(path, { since: size, file, ended, signal: stopped.signal });
      }
    }
    return null;
  }

  return new Readable({
    highWaterMark: chunkBytes,
    read() {
      next().then(
        (bytes) => this.push(bytes),
        (error: Error) => this.destroy(error),
      );
    },
    destroy(error, done) {
      stopped.abort();
      const fd = file;
      if (fd === undefined) return done(error);
      reading.then(() => closeAsync(fd)).then(() => done(error), done);
    },
  });
}

/** A gap in a stream would shift all positions that its reader counts: it has to ask again, and is told where the rest begins. */
function fellBehind(position: number): YardError {
  return new YardError("interrupted", `The reader is too slow: the output after position ${position} is gone already.`);
}

interface ChangeOptions {
  readonly since: number;
  readonly file: number;
  readonly ended: AbortSignal;
  readonly signal: AbortSignal;
}

/** Resolves when the file has grown since, will grow no more, the reader has left, or after a while. */
async function changeOf(path: string, { since, file, ended, signal }: ChangeOptions): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => resolve();
  using _safety = setTimeout(wake, safetyMs);
  signal.addEventListener("abort", wake);
  ended.addEventListener("abort", wake);
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(path, { persistent: false }, wake).on("error", wake);
  } catch {
    // Out of inotify watches, or the file was deleted: the timer is left.
  }
  try {
    // What was added before the watch began would not be told.
    if (fstatSync(file).size === since && !signal.aborted && !ended.aborted) await promise;
  } finally {
    watcher?.close();
    signal.removeEventListener("abort", wake);
    ended.removeEventListener("abort", wake);
  }
}
