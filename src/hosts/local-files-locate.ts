/** Where a path really leads. The path is opened with O_PATH, which opens nothing (no device is touched, no FIFO waited for) and yet
 *  holds on to what was found: whatever is renamed, linked or swapped afterwards, the check and the act are about the same file. */
import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, open, readlink, stat } from "node:fs/promises";
import { posix } from "node:path";
import { asStorageError, errnoOf, YardError } from "../platform/errors.ts";

/** Missing from `node:fs`; the same on every architecture of Linux that Node runs on. @see open(2) */
const O_PATH = 0o10000000;

export interface Location extends AsyncDisposable {
  /** Means this very file or directory to every system call, however it is called by now. */
  readonly anchor: string;
  /** Absolute and without links, as the kernel says it. */
  readonly path: string;
  readonly stats: BigIntStats;
}

/** @param closed absolute directories without links: neither they nor anything below them is ever returned
 *  @throws {YardError} invalid, not_found, forbidden */
export async function locate(path: string, closed: readonly string[]): Promise<Location> {
  checkPath(path);
  refuseClosed(posix.normalize(path), path, closed); // as it is written: of a closed place not even what exists is told
  const handle = await open(path, O_PATH).catch((error: unknown) => {
    throw pathError(error, path);
  });
  try {
    return await located(handle, path, closed);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function located(handle: FileHandle, path: string, closed: readonly string[]): Promise<Location> {
  const anchor = `/proc/self/fd/${handle.fd}`;
  const [real, stats] = await Promise.all([readlink(anchor), handle.stat({ bigint: true })]);
  // What is in another mount namespace has a path that means something else here, and what was deleted has none.
  const named = await stat(real, { bigint: true }).catch(() => undefined);
  if (named?.dev !== stats.dev || named.ino !== stats.ino) {
    throw new YardError("not_found", `${path} cannot be found where it should be; it was moved or deleted just now`);
  }
  refuseClosed(real, path, closed);
  return { anchor, path: real, stats, [Symbol.asyncDispose]: () => handle.close() };
}

/** @throws {YardError} invalid */
export function checkPath(path: string): void {
  const fault = !path.startsWith("/")
    ? "must be absolute, beginning with /"
    : /\p{Cc}/u.test(path)
      ? "holds a control character"
      : undefined;
  if (fault) throw new YardError("invalid", `the path ${fault}`, { field: "path" });
}

/** @throws {YardError} forbidden */
export function refuseClosed(real: string, path: string, closed: readonly string[]): void {
  const root = closed.find((directory) => real === directory || real.startsWith(`${directory}/`));
  if (root !== undefined) throw new YardError("forbidden", `${path}: files in ${root} are not reached this way`);
}

/** What the failure of a system call on `path` means to whoever named it. */
export function pathError(error: unknown, path: string): unknown {
  switch (errnoOf(error)) {
    case "ENOENT":
    case "ENOTDIR":
      return new YardError("not_found", `there is no ${path}`, { cause: error });
    case "EACCES":
    case "EPERM":
      return new YardError("forbidden", `${path}: the yard's user has no right to it`, { cause: error });
    case "ELOOP":
      return new YardError("invalid", `${path} leads in circles`, { field: "path", cause: error });
    case "ENAMETOOLONG":
      return new YardError("invalid", "the path is too long", { field: "path", cause: error });
    default:
      return asStorageError(error, path);
  }
}

/** For the second, real opening of what was located. O_NONBLOCK and O_NOCTTY mean nothing to the regular files that pass. */
export const readFlags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
