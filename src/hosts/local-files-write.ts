/** A new file: written beside its later place under a name that nobody can guess, saved to the disk, and linked into place when it is whole.
 *  Linked, not renamed: a link never replaces what is there. All of it through the directory that was found, not through its path. */
import { constants } from "node:fs";
import { type FileHandle, link, lstat, open, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { createBatchedWriter } from "../platform/batched-writer.ts";
import { errnoOf, YardError } from "../platform/errors.ts";
import { findOsGroup, findOsUser } from "../platform/process/users.ts";
import type { FileAttributes, NewHostFile } from "./host-files.ts";
import { type Location, pathError } from "./local-files-locate.ts";
import type { Unfinished } from "./local-files-unfinished.ts";

/** Neither setuid nor setgid nor sticky. */
const permissionBits = 0o777;

export interface NewFileParts {
  /** Where it belongs; the file closes it when it is disposed of. */
  readonly directory: Location;
  readonly name: string;
  /** As it was asked for, for messages. */
  readonly path: string;
  readonly maxBytes: number;
  readonly unfinished: Unfinished;
}

export async function createNewFile(parts: NewFileParts): Promise<NewHostFile> {
  const { directory, name, path, maxBytes, unfinished } = parts;
  await using opened = new AsyncDisposableStack();
  const target = join(directory.anchor, name);
  if (await exists(target)) throw taken(path);
  const temporaryName = await unfinished.begin(directory.path);
  const temporary = join(directory.anchor, temporaryName);
  // What cannot be deleted now is deleted at the next start.
  opened.defer(async () => void ((await isDeleted(temporary)) && (await unfinished.end(temporaryName))));
  const handle = await open(temporary, newFileFlags, 0o600).catch((error: unknown) => {
    throw pathError(error, path);
  });
  opened.defer(() => handle.close());
  const content = opened.adopt(appendTo(handle, { maxBytes, path }), ended);
  const lifetime = opened.move();

  return {
    content,
    async publish(attributes) {
      try {
        await applyAttributes(handle, attributes);
        await handle.sync();
        await link(temporary, target);
        await unlink(temporary);
      } catch (error) {
        throw errnoOf(error) === "EEXIST" ? taken(path) : pathError(error, path);
      }
      await syncDirectory(directory);
    },
    async [Symbol.asyncDispose]() {
      await lifetime.disposeAsync();
      await directory[Symbol.asyncDispose]();
    },
  };
}

const newFileFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

function taken(path: string): YardError {
  return new YardError("invalid", `${path} exists already; it is not overwritten`, { field: "path" });
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw pathError(error, path);
  }
}

function appendTo(handle: FileHandle, { maxBytes, path }: { maxBytes: number; path: string }): Writable {
  let total = 0;
  return createBatchedWriter(handle, {
    check(piece) {
      total += piece.length;
      if (total > maxBytes) throw new YardError("too_large", `${path}: a file may have at most ${maxBytes} bytes`);
    },
    fault: (error) => pathError(error, path),
    ownsPieces: true,
  });
}

async function ended(content: Writable): Promise<void> {
  if (content.closed) return;
  const closed = new Promise((resolve) => content.once("close", resolve));
  content.destroy();
  await closed;
}

async function isDeleted(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    return errnoOf(error) === "ENOENT";
  }
}

/** Owner and group as far as possible: names of another machine may mean nobody here, and only root may give files away. */
async function applyAttributes(handle: FileHandle, { mode, user, group }: FileAttributes): Promise<void> {
  const uid = idOf(user, (name) => findOsUser(name)?.uid);
  const gid = idOf(group, (name) => findOsGroup(name)?.gid);
  await handle.chown(uid, gid).catch(() => {});
  await handle.chmod(mode & permissionBits); // after chown, which may clear bits
}

const unchanged = -1;
const largestId = 2 ** 32 - 2;

function idOf(text: string | undefined, find: (name: string) => number | undefined): number {
  if (text === undefined || text === "") return unchanged;
  const id = /^\d{1,10}$/.test(text) ? Number(text) : find(text);
  return id === undefined || id > largestId ? unchanged : id;
}

/** The new name is as safe as the content. */
async function syncDirectory({ anchor }: Location): Promise<void> {
  await using handle = await open(anchor, constants.O_RDONLY | constants.O_DIRECTORY);
  await handle.sync();
}
