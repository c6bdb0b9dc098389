/** The output of one process as a file that the process itself appends to.
 *
 *  The process holds the file as its standard output and error (`O_APPEND`), so the order of arrival is kept, printing costs neither
 *  memory nor event loop here, and our death loses no byte and never blocks it. A position is an offset in the file. Its disk use is
 *  bounded by holes punched at the front, which leave the offsets as they are. */
import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  ftruncateSync,
  openSync,
  read,
  readSync,
  rmSync,
  statSync,
} from "node:fs";
import { promisify } from "node:util";
import { asStorageError, errnoOf, YardError } from "../platform/errors.ts";
import { libc } from "../platform/process/libc.ts";
import { followOutput } from "./output-follower.ts";
import type { OutputChunk, OutputLog } from "./sandbox.ts";

export interface OutputFile extends OutputLog {
  readonly path: string;
  readonly maxBytes: number;
  /** A descriptor to hand to a process; the caller closes it. */
  openForAppending(owner?: { uid: number; gid: number }): number;
  /** Total bytes written and bytes that the disk still holds, read at once. */
  measure(): { size: number; kept: number };
  /** Gives the disk space of all but the last `bytes` back. */
  keepLast(bytes: number): void;
  /** Position of the oldest byte that is kept. */
  start(): number;
  delete(): void;
}

export interface OutputFileParts {
  readonly path: string;
  readonly maxBytes: number;
  /** Aborted when the process has ended and will print no more. */
  readonly ended: AbortSignal;
}

/** The most that one `read` returns: it is held in memory whole. */
export const maxReadBytes = 16 * 1024 * 1024;
const blockBytes = 4096;
/** Read at once: from the page cache that takes some 10 µs, and a way through the thread pool, there and back, ten times as long. */
const smallReadBytes = 64 * 1024;
const readAsync = promisify(read);

export function createOutputFile(parts: OutputFileParts): OutputFile {
  const { path, maxBytes, ended } = parts;
  let start: number | undefined;

  const file: OutputFile = {
    path,
    maxBytes,
    openForAppending(owner) {
      const { O_APPEND, O_CREAT, O_WRONLY } = constants;
      try {
        const fd = openSync(path, O_APPEND | O_CREAT | O_WRONLY, 0o600);
        if (owner) fchownSync(fd, owner.uid, owner.gid); // so that a program may open /dev/stdout anew
        return fd;
      } catch (error) {
        throw asStorageError(error, "No file for the output can be made");
      }
    },
    measure() {
      const size = sizeOf(path);
      return { size, kept: size - Math.min(size, file.start()) };
    },
    start() {
      start ??= findStart(path);
      return start;
    },
    keepLast(bytes) {
      const fd = openSync(path, "r+");
      try {
        const wanted = Math.floor((fstatSync(fd).size - bytes) / blockBytes) * blockBytes;
        if (wanted > file.start()) start = freeUntil(fd, wanted, file.start());
      } finally {
        closeSync(fd);
      }
    },
    delete: () => rmSync(path, { force: true }),

    size: async () => sizeOf(path),
    read: ({ position, maxBytes: atMost }) => readChunk(file, position, Math.min(atMost, maxReadBytes)),
    follow: ({ position }) => followOutput({ path, position, start: file.start, ended }),
  };
  return file;
}

async function readChunk(file: OutputFile, position: number, maxBytes: number): Promise<OutputChunk> {
  const fd = openForReading(file.path);
  try {
    const { size } = fstatSync(fd);
    if (position > size) {
      const message = `Position ${position} is beyond the end of the output (${size} bytes so far).`;
      throw new YardError("invalid", message, { field: "position" });
    }
    const from = Math.max(position, Math.min(size, file.start()));
    const buffer = Buffer.allocUnsafe(Math.min(maxBytes, size - from));
    const bytesRead =
      buffer.length <= smallReadBytes
        ? readSync(fd, buffer, 0, buffer.length, from)
        : (await readAsync(fd, buffer, 0, buffer.length, from)).bytesRead;
    // The front may have been given back while we read: those bytes came back as zeros.
    const kept = Math.min(Math.max(from, file.start()), from + bytesRead);
    return { bytes: buffer.subarray(kept - from, bytesRead), from: kept, next: from + bytesRead };
  } finally {
    closeSync(fd);
  }
}

function openForReading(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    throw notFoundIfGone(error, path);
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    throw notFoundIfGone(error, path);
  }
}

function notFoundIfGone(error: unknown, path: string): unknown {
  if (errnoOf(error) !== "ENOENT") return error;
  return new YardError("not_found", "The output of this process was deleted.", { cause: `no file ${path}` });
}

/** Where the file begins that an earlier agent has trimmed. */
function findStart(path: string): number {
  const { size, blocks } = statSync(path, { throwIfNoEntry: false }) ?? { size: 0, blocks: 0 };
  if (blocks * 512 >= size) return 0; // no hole; also spares loading libc
  const fd = openSync(path, "r");
  try {
    return libc()?.firstData(fd) ?? size;
  } finally {
    closeSync(fd);
  }
}

/** @returns the new start */
function freeUntil(fd: number, end: number, start: number): number {
  if (libc()?.punchHole(fd, start, end - start)) return end;
  // No holes on this file system (some network ones): drop all there is and make the file as long as it was. Positions stay;
  // what was printed between the two calls is lost.
  const { size } = fstatSync(fd);
  ftruncateSync(fd, 0);
  ftruncateSync(fd, size);
  return size;
}
