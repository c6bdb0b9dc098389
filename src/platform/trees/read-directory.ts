/** A directory of this machine as tree entries. Symbolic links are links, and are never followed. */
import { constants } from "node:fs";
import { type FileHandle, lstat, open, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, isYardError, YardError } from "../errors.ts";
import { modeBits, type TreeEntry } from "./tree-entry.ts";

/** Read at a time. */
const partBytes = 1024 ** 2;
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_DIRECTORY } = constants;

export interface ReadOptions {
  /** Told of what trees have no word for, and so is left out: sockets, devices, pipes, names that are no UTF-8. Paths from the directory. */
  readonly onSkipped: (path: string) => void;
}

interface Place {
  readonly handle: FileHandle;
  readonly hostPath: string;
  readonly treePath: string;
}

/** All that is in the directory, in the order of names.
 *  @throws {YardError} invalid, when it is no directory; forbidden, when something in it cannot be read; interrupted, when a file becomes shorter while it is read */
export async function* readDirectory(directory: string, options: ReadOptions): AsyncGenerator<TreeEntry, void> {
  await using handle = await openDirectory(directory).catch((cause) => {
    throw new YardError("invalid", `${directory} is no directory that can be read.`, { field: "directory", cause });
  });
  yield* readPlace({ handle, hostPath: directory, treePath: "" }, options);
}

/** One thing in a directory, under its own name: a file, a link, or a directory with all that is in it.
 *  @throws {YardError} not_found; forbidden, interrupted: as `readDirectory` */
export async function* readNamed(
  directory: string,
  name: string,
  options: ReadOptions,
): AsyncGenerator<TreeEntry, void> {
  const hostPath = join(directory, name);
  try {
    yield* readEntry({ from: hostPath, hostPath, path: name }, options);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") throw new YardError("not_found", `There is no ${hostPath}.`, { cause: error });
    throw asReadError(error, name);
  }
}

async function* readPlace(place: Place, options: ReadOptions): AsyncGenerator<TreeEntry, void> {
  const { handle, hostPath, treePath } = place;
  // By way of the open directory, where the system offers that: whoever exchanges a directory for a link meanwhile moves nothing.
  const directory = process.platform === "linux" ? `/proc/self/fd/${handle.fd}` : hostPath;
  for (const bytes of (await readdir(directory, { encoding: "buffer" })).sort(Buffer.compare)) {
    const name = bytes.toString();
    const path = treePath === "" ? name : `${treePath}/${name}`;
    if (!isText(bytes)) {
      options.onSkipped(path);
      continue;
    }
    try {
      yield* readEntry({ from: join(directory, name), hostPath: join(hostPath, name), path }, options);
    } catch (error) {
      throw asReadError(error, path);
    }
  }
}

interface EntryPlace {
  /** By way of the open directory. */
  readonly from: string;
  readonly hostPath: string;
  readonly path: string;
}

async function* readEntry({ from, hostPath, path }: EntryPlace, options: ReadOptions): AsyncGenerator<TreeEntry, void> {
  const status = await lstat(from);
  if (status.isDirectory()) {
    await using handle = await openDirectory(from);
    yield { type: "directory", path, mode: (await handle.stat()).mode & modeBits };
    yield* readPlace({ handle, hostPath, treePath: path }, options);
  } else if (status.isSymbolicLink()) {
    const target = await readlink(from, { encoding: "buffer" });
    if (isText(target)) yield { type: "symlink", path, target: target.toString() };
    else options.onSkipped(path);
  } else if (status.isFile()) {
    yield* readFile(from, path, options);
  } else {
    options.onSkipped(path);
  }
}

/** Nothing, if it is no file any more. */
async function* readFile(from: string, path: string, { onSkipped }: ReadOptions): AsyncGenerator<TreeEntry, void> {
  await using handle = await open(from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  const status = await handle.stat();
  if (!status.isFile()) return onSkipped(path);
  const { mode, size } = status;
  yield { type: "file", path, mode: mode & modeBits, size, content: contentOf(handle, { path, size }) };
}

/** Exactly as many bytes as were announced: what is appended meanwhile is left out. */
async function* contentOf(
  handle: FileHandle,
  { path, size }: { path: string; size: number },
): AsyncGenerator<Uint8Array, void> {
  for (let position = 0; position < size; ) {
    const part = Buffer.allocUnsafe(Math.min(partBytes, size - position));
    const { bytesRead } = await handle.read(part, 0, part.length, position);
    if (bytesRead === 0) throw new YardError("interrupted", `${path} has become shorter while it was read. Try again.`);
    position += bytesRead;
    yield part.subarray(0, bytesRead);
  }
}

function asReadError(error: unknown, path: string): unknown {
  const errno = errnoOf(error);
  if (isYardError(error) || errno === undefined) return error;
  return new YardError("forbidden", `${path} cannot be read (${errno}). Make it readable, or move it elsewhere.`, {
    cause: error,
  });
}

function isText(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString()).equals(bytes);
}

function openDirectory(path: string): Promise<FileHandle> {
  return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}
