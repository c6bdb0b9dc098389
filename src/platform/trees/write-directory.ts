/** Tree entries into a directory of this machine: all of them, or nothing. The entries may come from anybody:
 *
 *  - Each goes into a directory that was made here for an earlier entry. Paths are taken apart into names, so `..`, `/etc` or an empty name
 *    lead to no such directory, and neither does a link, as links are made when all else is written.
 *  - All of it goes first into a directory of ours that no other user can enter, and moves to its place when it is whole.
 *  - Nothing is written over: what has the name of an entry before, also in the eyes of a file system that ignores case, is refused. */
import { constants } from "node:fs";
import { type FileHandle, mkdir, mkdtemp, open, readdir, rename, rm, rmdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { asStorageError, errnoOf, YardError } from "../errors.ts";
import { type DirectoryItem, type FileItem, isEntryName, modeBits, splitPath, type TreeEntries } from "./tree-entry.ts";

const { O_RDONLY, O_NOFOLLOW, O_DIRECTORY, O_WRONLY, O_CREAT, O_EXCL } = constants;
export interface WriteLimits {
  /** Of all files together. */
  readonly maxBytes: number;
  readonly maxEntries: number;
}

export interface Written {
  readonly entries: number;
  readonly bytes: number;
}

/** @param directory is made, or is empty
 *  @throws {YardError} conflict, when it is not empty; invalid (entries that cannot be written, or that lie), too_large, storage_full;
 *    whatever `entries` throws. Then everything is as it was before. */
export async function writeDirectory(directory: string, entries: TreeEntries, limits: WriteLimits): Promise<Written> {
  await using undo = new AsyncDisposableStack();
  try {
    if (await makeEmpty(directory)) undo.defer(() => rmdir(directory));
    const stage = await mkdtemp(join(directory, ".runyard-unfinished-"));
    undo.defer(() => rm(stage, { recursive: true, force: true }));
    const { directories, written } = await writeEntries(stage, entries, limits);
    await moveUp(stage, directory);
    // The deepest first: one that cannot be entered any more is not entered any more.
    for (const { path, mode } of directories.toReversed()) await setMode(join(directory, path), mode);
    await rmdir(stage);
    undo.move();
    return written;
  } catch (error) {
    throw asStorageError(error, `Writing to ${directory}`);
  }
}

/** @returns whether it was made */
async function makeEmpty(directory: string): Promise<boolean> {
  try {
    await mkdir(directory);
    return true;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "EEXIST") {
      await requireEmpty(directory, 0);
      return false;
    }
    if (errno === "ENOSPC" || errno === "EDQUOT") throw error;
    throw new YardError("invalid", `${directory} cannot be made (${errno}).`, { field: "directory", cause: error });
  }
}

async function requireEmpty(directory: string, expected: number): Promise<void> {
  await using handle = await openDirectory(directory).catch(() => undefined);
  if (handle !== undefined && (await readdir(directory)).length === expected) return;
  throw new YardError("conflict", `${directory} is there already, and is no empty directory. Choose another one.`, {
    field: "directory",
  });
}

/** Makes everything but the modes of directories, in which there may be no writing afterwards. */
async function writeEntries(
  stage: string,
  entries: TreeEntries,
  limits: WriteLimits,
): Promise<{ directories: readonly DirectoryItem[]; written: Written }> {
  const made = new Set([""]);
  const directories: DirectoryItem[] = [];
  const links: { target: string; path: string }[] = [];
  let [count, bytes] = [0, 0];
  for await (const entry of entries) {
    const { parent, name } = splitPath(entry.path);
    if (!made.has(parent) || !isEntryName(name)) throw unfit(entry.path, "it is in no directory of the tree");
    count += 1;
    if (entry.type === "file") bytes += entry.size;
    if (count > limits.maxEntries || bytes > limits.maxBytes)
      throw new YardError(
        "too_large",
        `The tree is larger than ${limits.maxBytes} bytes or ${limits.maxEntries} entries.`,
      );
    const path = join(stage, entry.path);
    if (entry.type === "symlink") links.push({ target: entry.target, path: entry.path });
    else if (entry.type === "file") await writeFile(path, entry);
    else {
      await mkdir(path, { mode: 0o700 }).catch((error) => taken(error, entry.path));
      made.add(entry.path);
      directories.push(entry);
    }
  }
  for (const { target, path } of links) {
    if (target === "" || target.includes("\0")) throw unfit(path, "no link can lead there");
    await symlink(target, join(stage, path)).catch((error) => taken(error, path));
  }
  return { directories, written: { entries: count, bytes } };
}

async function writeFile(to: string, { path, mode, size, content }: FileItem): Promise<void> {
  await using handle = await open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600).catch((error) =>
    taken(error, path),
  );
  let written = 0;
  for await (const part of content) {
    written += part.length;
    if (written > size) break;
    await handle.writeFile(part);
  }
  if (written !== size) throw unfit(path, "it has not as many bytes as announced");
  await handle.chmod(mode & modeBits);
}

/** Into the directory, which nobody has put anything into meanwhile. */
async function moveUp(stage: string, directory: string): Promise<void> {
  await requireEmpty(directory, 1);
  const names = await readdir(stage);
  for (const [index, name] of names.entries()) {
    try {
      await rename(join(stage, name), join(directory, name));
    } catch (error) {
      for (const moved of names.slice(0, index)) await rename(join(directory, moved), join(stage, moved));
      throw error;
    }
  }
}

async function setMode(path: string, mode: number): Promise<void> {
  await using handle = await openDirectory(path);
  await handle.chmod(mode & modeBits);
}

function openDirectory(path: string): Promise<FileHandle> {
  return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

function taken(error: unknown, path: string): never {
  throw errnoOf(error) === "EEXIST" ? unfit(path, "there is one of that name already") : error;
}

function unfit(path: string, why: string): YardError {
  return new YardError("invalid", `The entry ${JSON.stringify(path.slice(0, 200))} cannot be written: ${why}.`);
}
