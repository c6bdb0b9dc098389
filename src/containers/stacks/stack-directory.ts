/** Files of a stack's directory: read without leaving it, replaced as a whole, and on the disk before anybody is told. */
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, readlink, realpath, rename, rm } from "node:fs/promises";
import path from "node:path";
import { asStorageError, errnoOf, YardError } from "../../platform/errors.ts";

const { O_RDONLY, O_NONBLOCK, O_DIRECTORY } = constants;

/** Longest file of a stack that is read or written, in bytes. */
export const maxStackFileBytes = 1024 ** 2;
/** What a write that was cut off leaves behind begins so. */
export const unfinishedPrefix = ".runyard-unfinished-";

/** Undefined: there is none.
 *  @throws {YardError} precondition: it lies elsewhere, whatever links lead there; it is no file, or too long; it may not be read */
export async function readWithin(directory: string, file: string): Promise<Buffer | undefined> {
  try {
    // A pipe must not keep us waiting for its other end.
    await using handle = await open(path.resolve(directory, file), O_RDONLY | O_NONBLOCK);
    // It is asked about what was really opened, so that nobody can exchange it in between.
    if (!isWithin(await realpath(directory), await placeOf(handle, path.resolve(directory, file)))) {
      throw unfit("is not in the stack's directory: only files of it are read");
    }
    const stat = await handle.stat();
    if (!stat.isFile()) throw unfit("is no file");
    if (stat.size > maxStackFileBytes) throw unfit(`is longer than ${maxStackFileBytes} bytes`);
    return await handle.readFile();
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "ENOTDIR") return undefined;
    if (errno === "EACCES" || errno === "EPERM" || errno === "ELOOP" || errno === "ENXIO" || errno === "ENAMETOOLONG") {
      throw unfit(`cannot be read (${errno})`, error);
    }
    throw error;
  }
}

function placeOf(handle: FileHandle, asked: string): Promise<string> {
  return process.platform === "linux" ? readlink(`/proc/self/fd/${handle.fd}`) : realpath(asked);
}

function isWithin(directory: string, file: string): boolean {
  return file.startsWith(`${directory}${path.sep}`);
}

function unfit(what: string, cause?: unknown): YardError {
  return new YardError("precondition", what, { cause });
}

/** In the place of the one before, or not at all. @throws {YardError} storage_full, too_large */
export async function replaceFile(
  directory: string,
  name: string,
  content: Uint8Array | string,
  mode: number,
): Promise<void> {
  const temporary = path.join(directory, `${unfinishedPrefix}${randomUUID()}`);
  try {
    {
      await using handle = await open(temporary, "wx", mode);
      await handle.chmod(mode); // whatever the process's umask takes away
      await handle.writeFile(content);
      await handle.sync();
    }
    await rename(temporary, path.join(directory, name));
    await syncDirectory(directory);
  } catch (error) {
    await rm(temporary, { force: true });
    throw asStorageError(error, `Writing ${name}`);
  }
}

export async function removeFile(directory: string, name: string): Promise<void> {
  await rm(path.join(directory, name), { force: true });
  await syncDirectory(directory);
}

/** Without it a power loss can forget names that were changed. */
export async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, O_RDONLY | O_DIRECTORY);
  await handle.sync();
}
