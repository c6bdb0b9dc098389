/** Paths inside a sandbox, resolved by the kernel below its root (openat2), so that no link and no race leads out. What was found is held by its
 *  descriptor, and what is done next is done to that, or to a single name in it. */
import { closeSync, constants, fstatSync, type Stats } from "node:fs";
import { errnoOf, YardError } from "../../platform/errors.ts";
import { kernel } from "../../platform/process/kernel.ts";

const { O_DIRECTORY, O_NOFOLLOW } = constants;
const O_PATH = 0o10000000;
/** The kernel gives up while directories are being renamed around it. */
const mostAttempts = 64;

/** An open descriptor, closed at the end of the block. */
export interface Place extends Disposable {
  readonly fd: number;
  readonly status: Stats;
}

/** A name in an open directory: to be made, moved or removed there. */
export interface NameInPlace extends Disposable {
  readonly parent: number;
  readonly name: string;
  /** By way of the open directory: all but the last name is settled. */
  readonly hostPath: string;
}

/** @throws an error with the errno's name as its `code` */
export function openInside(root: number, path: string, options: { flags: number; mode?: number }): Place {
  for (let attempt = 1; ; attempt++) {
    try {
      const fd = kernel().openInRoot(root, path, options);
      return { fd, status: fstatSync(fd), [Symbol.dispose]: () => closeSync(fd) };
    } catch (error) {
      if (errnoOf(error) !== "EAGAIN" || attempt === mostAttempts) throw error;
    }
  }
}

/** What is there, without opening it: a device or a pipe is not touched. */
export function locate(root: number, path: string, { follow }: { follow: boolean }): Place {
  return openInside(root, path, { flags: O_PATH | (follow ? 0 : O_NOFOLLOW) });
}

/** @throws {YardError} invalid, for the root itself */
export function locateName(root: number, path: string): NameInPlace {
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  const name = names.pop();
  if (name === undefined || name === "..") throw pathError(path, "it must end with a name");
  const parent = openInside(root, `/${names.join("/")}`, { flags: O_PATH | O_DIRECTORY });
  const close = () => parent[Symbol.dispose]();
  return { parent: parent.fd, name, hostPath: nameIn(parent.fd, name), [Symbol.dispose]: close };
}

/** Of a single name in an open directory, for system calls that do not follow it. */
export function nameIn(directory: number, name: string): string {
  return `/proc/self/fd/${directory}/${name}`;
}

/** @throws {YardError} invalid */
export function checkPath(path: string): void {
  if (!path.startsWith("/")) throw pathError(path, "it must be absolute");
  if (path.includes("\0")) throw pathError(path, "it holds a NUL byte");
  if (Buffer.byteLength(path) > 4_095) throw pathError(`${path.slice(0, 100)}…`, "it is too long");
}

export function pathError(path: string, why: string): YardError {
  return new YardError("invalid", `The path ${path} cannot be used: ${why}.`, { field: "path" });
}

const reasons: Readonly<Record<string, string>> = {
  ENOTDIR: "something on its way is no directory",
  ELOOP: "its links lead in a circle",
  EISDIR: "it is a directory",
  ENXIO: "it is no regular file",
  ENOTEMPTY: "the directory there is not empty",
  EINVAL: "one of them is in the other",
  EXDEV: "a file cannot be moved across file systems",
  EBUSY: "it is a mount point",
  ENAMETOOLONG: "a name in it is too long",
  ETXTBSY: "it is a program that runs",
};

/** What a system call said about a path inside, for the caller. */
export function asPathError(error: unknown, path: string): unknown {
  const errno = errnoOf(error);
  if (error instanceof YardError || errno === undefined) return error;
  if (errno === "ENOENT") return new YardError("not_found", `There is no ${path} in the sandbox.`, { field: "path" });
  if (errno === "ENOSPC" || errno === "EDQUOT") {
    return new YardError("storage_full", `${path} cannot be written: the sandbox's disk is full.`, { cause: error });
  }
  const reason = reasons[errno];
  return reason ? pathError(path, reason) : new YardError("forbidden", `${path}: ${errno}.`, { cause: error });
}
