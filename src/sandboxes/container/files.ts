/** The files of a container, read and written by its attendant: inside, where every path and every link leads to the container's own. */
import { YardError } from "../../platform/errors.ts";
import { asPathError, checkPath, pathError } from "../namespace/confined-path.ts";
import type { FileEntry, SandboxFiles } from "../sandbox.ts";
import { type Attendants, type Conversation, Refusal, type Request } from "./attendant.ts";
import { receiveContent, sendContent } from "./file-content.ts";
import { parseEntries } from "./file-entries.ts";
import type { FileTransfers } from "./file-transfers.ts";

/** A path has 4 KiB at most, and comes twice. */
const mostEntryBytes = 16 * 1024;

/** @param transfers a quicker way for the bytes of larger files than the attendant's own stream, where there may be one */
export function createContainerFiles(attendants: Attendants, transfers?: FileTransfers): SandboxFiles {
  async function ask<T>(
    path: string,
    request: Request,
    converse: (conversation: Conversation) => Promise<T>,
  ): Promise<T> {
    for (const one of request.args) if (one.startsWith("/") || one === path) checkPath(one);
    return await attendants.ask(request, converse).catch((error) => {
      throw asFileError(error, path);
    });
  }
  const nothing = async () => {};

  async function entries({ nonce, reader }: Conversation, path: string, most: number): Promise<FileEntry[]> {
    const text = await reader.until(`${nonce}.\n`, { mostBytes: (most + 1) * mostEntryBytes });
    if (text) return parseEntries(text, nonce, path);
    throw reader.hasEnded()
      ? new YardError("unavailable", "The sandbox has broken off its answer.")
      : tooMany(path, most);
  }

  const files: SandboxFiles = {
    async stat(path) {
      const [entry] = await ask(path, { operation: "show", args: [path] }, (answer) => entries(answer, path, 1));
      return entry ?? notThere(path);
    },
    async list(path, { depth, maxEntries }) {
      const request: Request = { operation: "list", args: [path, `${depth}`] };
      const found = await ask(path, request, (answer) => entries(answer, path, maxEntries));
      if (found.length <= maxEntries) return found.sort(inOrder);
      throw tooMany(path, maxEntries);
    },
    read: (path) =>
      new Promise((resolve, reject) => {
        const request: Request = { operation: "read_file", args: [path, transfers ? "lent" : ""], isLong: true };
        ask(path, request, (answer) => receiveContent(answer, { path, transfers, give: resolve })).catch(reject);
      }),
    write: (path, content, { mode = 0o644 } = {}) => {
      const request: Request = { operation: "write_file", args: [path, (mode & 0o7777).toString(8)], isLong: true };
      return ask(path, request, (answer) => sendContent(answer, content, { path, transfers }));
    },
    async makeDirectory(path) {
      try {
        await ask(path, { operation: "make_directory", args: [path] }, nothing);
      } catch (error) {
        if (!isThereAlready(error)) throw error;
        const { type } = await files.stat(path);
        if (type !== "directory") throw pathError(path, "something else is there");
        throw new YardError("conflict", `The directory ${path} is there already.`, { field: "path" });
      }
      return files.stat(path);
    },
    async move(from, to) {
      for (const one of [from, to]) requireName(one);
      await ask(from, { operation: "move", args: [from, to] }, nothing);
    },
    async remove(path) {
      requireName(path);
      await ask(path, { operation: "remove", args: [path] }, nothing).catch((error) => {
        if (!(error instanceof YardError && error.code === "not_found")) throw error;
      });
    },
  };
  return files;
}

function tooMany(path: string, most: number): YardError {
  return new YardError("too_large", `${path} holds more than ${most} entries: ask for less depth.`, { field: "path" });
}

function requireName(path: string): void {
  checkPath(path);
  const name = path.split("/").findLast((one) => one !== "" && one !== ".");
  if (name === undefined || name === "..") throw pathError(path, "it must end with a name");
}

function notThere(path: string): never {
  throw new YardError("not_found", `There is no ${path} in the sandbox.`, { field: "path" });
}

/** What strerror(3) says, by the name of the error. */
const errnos: Readonly<Record<string, string>> = {
  "No such file or directory": "ENOENT",
  "Not a directory": "ENOTDIR",
  "Too many levels of symbolic links": "ELOOP",
  "Is a directory": "EISDIR",
  "Directory not empty": "ENOTEMPTY",
  "Invalid argument": "EINVAL",
  "Device or resource busy": "EBUSY",
  "File name too long": "ENAMETOOLONG",
  "Text file busy": "ETXTBSY",
  "No space left on device": "ENOSPC",
  "Disk quota exceeded": "EDQUOT",
  "File exists": "EEXIST",
};

function isThereAlready(error: unknown): boolean {
  return error instanceof YardError && error.cause instanceof Refusal && error.cause.message === "File exists";
}

function asFileError(error: unknown, path: string): unknown {
  if (!(error instanceof Refusal)) return error;
  const { message } = error;
  if (message === "it is no regular file") return pathError(path, message);
  if (message === "File exists")
    return new YardError("conflict", `${path} is there already.`, { field: "path", cause: error });
  const code = errnos[message];
  if (code) return asPathError(Object.assign(new Error(message), { code }), path);
  return new YardError("forbidden", `${path}: ${message}.`, { cause: error });
}

/** By name, a directory before what is in it. */
function inOrder(one: FileEntry, other: FileEntry): number {
  const [names, others] = [one.path.split("/"), other.path.split("/")];
  for (let level = 0; level < Math.min(names.length, others.length); level++) {
    const order = Buffer.compare(Buffer.from(names[level] ?? ""), Buffer.from(others[level] ?? ""));
    if (order !== 0) return order;
  }
  return names.length - others.length;
}
