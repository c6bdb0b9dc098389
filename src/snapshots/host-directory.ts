/** Between a tree and a directory of the host, for whoever's own directory it is (the command line, a capsule's template). Symbolic links
 *  are copied, never followed. */
import { constants } from "node:fs";
import { type FileHandle, lstat, mkdir, open, readdir, readlink, symlink } from "node:fs/promises";
import { join } from "node:path";
import { asStorageError, errnoOf, YardError } from "../platform/errors.ts";
import { modeBits } from "./entry.ts";
import type { WorkingTree } from "./working-tree.ts";

/** Read and written at a time. */
const partBytes = 1024 ** 2;
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_DIRECTORY, O_WRONLY, O_CREAT, O_EXCL } = constants;

/** What trees have no word for, and so was left out: sockets, devices, pipes, names that are no UTF-8. Paths from the directory. */
export interface Imported {
  readonly skipped: readonly string[];
}

/** Copies what is in the directory into the root of the tree, over what is there. Its bounds are the tree's limits.
 *  @throws {YardError} invalid, when it is no directory; TreeError of the tree */
export async function importDirectory(tree: WorkingTree, directory: string): Promise<Imported> {
  const skipped: string[] = [];
  await using handle = await openDirectory(directory).catch((cause) => {
    throw new YardError("invalid", `${directory} is no directory that can be read.`, { field: "directory", cause });
  });
  await importInto(tree, handle, directory, "", skipped);
  return { skipped };
}

async function importInto(
  tree: WorkingTree,
  handle: FileHandle,
  hostPath: string,
  treePath: string,
  skipped: string[],
): Promise<void> {
  // By way of the open directory, where the system offers that: whoever exchanges a directory for a link meanwhile moves nothing.
  const directory = process.platform === "linux" ? `/proc/self/fd/${handle.fd}` : hostPath;
  for (const bytes of await readdir(directory, { encoding: "buffer" })) {
    const name = bytes.toString();
    const [from, to] = [join(directory, name), treePath === "" ? name : `${treePath}/${name}`];
    if (!Buffer.from(name).equals(bytes)) {
      skipped.push(to);
      continue;
    }
    const status = await lstat(from);
    if (status.isSymbolicLink()) {
      await removeIfThere(tree, to);
      await tree.symlink(await readlink(from), to);
    } else if (status.isDirectory()) {
      await using below = await openDirectory(from);
      await tree.mkdir(to, { recursive: true });
      await tree.chmod(to, (await below.stat()).mode & modeBits);
      await importInto(tree, below, join(hostPath, name), to, skipped);
    } else if (status.isFile()) {
      if (!(await importFile(tree, from, to))) skipped.push(to);
    } else {
      skipped.push(to);
    }
  }
}

/** @returns whether it was a file, also at the moment it was opened */
async function importFile(tree: WorkingTree, from: string, to: string): Promise<boolean> {
  await using handle = await open(from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  const status = await handle.stat();
  if (!status.isFile()) return false;
  await tree.writeFrom(to, handle.createReadStream({ autoClose: false, highWaterMark: partBytes }));
  await tree.chmod(to, status.mode & modeBits);
  return true;
}

async function removeIfThere(tree: WorkingTree, path: string): Promise<void> {
  if (await tree.lstat(path).catch(() => undefined)) await tree.rm(path, { recursive: true });
}

function openDirectory(path: string): Promise<FileHandle> {
  return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

/** Writes the tree into a directory that is made, or is empty. Permissions are kept; symbolic links come last, so that nothing is ever
 *  written by way of one.
 *  @throws {YardError} conflict, when the directory is not empty; storage_full */
export async function exportDirectory(tree: WorkingTree, directory: string): Promise<void> {
  await makeEmpty(directory);
  const links: { target: string; path: string }[] = [];
  try {
    await exportInto(tree, "", directory, links);
    for (const { target, path } of links) await symlink(target, path);
  } catch (error) {
    throw asStorageError(error, `Writing to ${directory}`);
  }
}

async function makeEmpty(directory: string): Promise<void> {
  try {
    await mkdir(directory);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    const status = await lstat(directory);
    if (status.isDirectory() && (await readdir(directory)).length === 0) return;
    throw new YardError("conflict", `${directory} is there already, and is no empty directory. Choose another one.`, {
      field: "directory",
    });
  }
}

async function exportInto(
  tree: WorkingTree,
  treePath: string,
  hostPath: string,
  links: { target: string; path: string }[],
): Promise<void> {
  for (const { name, type, mode, size } of await tree.readdir(treePath)) {
    const [from, to] = [`${treePath}/${name}`, join(hostPath, name)];
    if (type === "symlink") {
      links.push({ target: await tree.readlink(from), path: to });
    } else if (type === "file") {
      await exportFile(tree, from, { to, mode, size });
    } else {
      await mkdir(to, { mode: 0o700 });
      await exportInto(tree, from, to, links);
      await using made = await openDirectory(to);
      await made.chmod(mode | 0o700); // the links are still to come
    }
  }
}

async function exportFile(
  tree: WorkingTree,
  from: string,
  { to, mode, size }: { to: string; mode: number; size: number },
): Promise<void> {
  await using handle = await open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  for (let offset = 0; offset < size; offset += partBytes)
    await handle.writeFile(await tree.read(from, { offset, length: partBytes }));
  await handle.chmod(mode);
}
