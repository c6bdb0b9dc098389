/** The files of the machine that the control plane runs on, without a detour through its agent: a gigabyte is to flow as fast as Node can. */
import { open, realpath } from "node:fs/promises";
import { posix } from "node:path";
import { YardError } from "../platform/errors.ts";
import type { HostFile, HostFiles } from "./host-files.ts";
import { checkPath, type Location, locate, pathError, readFlags, refuseClosed } from "./local-files-locate.ts";
import { sendRange } from "./local-files-read.ts";
import { openUnfinished } from "./local-files-unfinished.ts";
import { createNewFile } from "./local-files-write.ts";

export interface LocalFilesParts {
  /** Absolute directories that are closed, with all below them; ones that do not exist, too. */
  readonly closed: readonly string[];
  /** A directory of ours, for what has to be deleted after a crash. */
  readonly unfinished: string;
}

const permissionBits = 0o7777n;

/** Deletes what uploads of an earlier life have left. */
export async function openLocalFiles(parts: LocalFilesParts): Promise<HostFiles> {
  if (process.platform !== "linux") return unavailableFiles;
  const unfinished = await openUnfinished(parts.unfinished);
  const real = await Promise.all(parts.closed.map((path) => realpath(path).catch(() => path)));
  const closed = [...new Set([...parts.closed, ...real])];

  return {
    async open(path) {
      await using found = await locate(path, closed);
      refuseUnreadable(found, path);
      return await openFile(found, path);
    },

    async create(path, { maxBytes }) {
      checkPath(path);
      const name = posix.basename(path);
      if (path.endsWith("/") || name === "" || name === "." || name === "..") {
        throw new YardError("invalid", `${path} does not end with the name of a file`, { field: "path" });
      }
      await using opened = new AsyncDisposableStack();
      const directory = opened.use(await findDirectory(posix.dirname(path), closed));
      refuseClosed(posix.join(directory.path, name), path, closed);
      const file = await createNewFile({ directory, name, path, maxBytes, unfinished });
      opened.move(); // the file holds its directory open
      return file;
    },
  };
}

/** What keeps a file open while it is checked are features of Linux; elsewhere there is no safe way, so there is none. */
const unavailableFiles: HostFiles = {
  open: async () => refuseHere(),
  create: async () => refuseHere(),
};

function refuseHere(): never {
  throw new YardError("unavailable", "files of the host are served on Linux only");
}

function refuseUnreadable({ stats }: Location, path: string): void {
  if (!stats.isFile()) {
    throw new YardError("invalid", `${path} is ${kindOf(stats)}, not a file`, { field: "path" });
  }
  // Its other names may lie in a closed place: whoever may link to a file need not have the right to read it.
  if (stats.nlink > 1n) {
    throw new YardError(
      "forbidden",
      `${path} has other names too (hard links), and may belong elsewhere; copy it first`,
    );
  }
}

function kindOf(stats: Location["stats"]): string {
  if (stats.isDirectory()) return "a directory";
  if (stats.isFIFO()) return "a named pipe";
  if (stats.isSocket()) return "a socket";
  return "a device";
}

async function openFile({ anchor, stats }: Location, path: string): Promise<HostFile> {
  const handle = await open(anchor, readFlags).catch((error: unknown) => {
    throw pathError(error, path);
  });
  return {
    name: posix.basename(path),
    bytes: Number(stats.size),
    mode: Number(stats.mode & permissionBits),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    modifiedNs: stats.mtimeNs,
    sendTo: (target, range) => sendRange(handle, range, target),
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

async function findDirectory(path: string, closed: readonly string[]): Promise<Location> {
  const directory = await locate(path, closed).catch((error: unknown) => {
    if (!(error instanceof YardError) || error.code !== "not_found") throw error;
    throw new YardError("invalid", `there is no directory ${path}; make it first`, { field: "path", cause: error });
  });
  if (directory.stats.isDirectory()) return directory;
  await directory[Symbol.asyncDispose]();
  throw new YardError("invalid", `${path} is not a directory`, { field: "path" });
}
