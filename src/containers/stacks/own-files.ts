/** A stack's own files, as its containers mount them: what lies beside compose.yaml, by its path from there. Nothing leads out of the stack's directory, whoever
 *  changes it meanwhile: each directory is entered by its descriptor, and links are refused. */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import path from "node:path";
import type { Readable } from "node:stream";
import { errnoOf, isYardError, YardError } from "../../platform/errors.ts";
import { readDirectory, readNamed } from "../../platform/trees/read-directory.ts";
import { writeTar } from "../../platform/trees/tar.ts";
import { type DigestLimits, digestOfTree, type TreeDigest } from "../../platform/trees/tree-digest.ts";
import type { TreeEntry } from "../../platform/trees/tree-entry.ts";
import { plainName, sealedName } from "./stack-env.ts";
import { metaName } from "./stack-meta.ts";

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
/** What the whole of a stack's directory is called where it is mounted. */
const nameOfAll = "files";
/** The server's own, and secrets: they leave it in no other way than the file says. */
const keptBack: ReadonlySet<string> = new Set([plainName, sealedName, metaName]);

export interface OwnFiles {
  /** @param source path from the stack's directory; of what is missing the digest is that of an empty directory
   *  @throws {YardError} precondition (a link, a device, what cannot be read), too_large */
  digest(source: string, limits: DigestLimits): Promise<TreeDigest>;
  isThere(source: string): Promise<boolean>;
  /** As a tar archive. It fails as `digest` does. */
  archive(source: string): Readable;
}

/** @param directory of the stack */
export function createOwnFiles(directory: string): OwnFiles {
  return {
    digest: (source, limits) => digestOfTree(entriesOf(directory, source), limits),
    async isThere(source) {
      try {
        for await (const _entry of existing(directory, source)) break;
        return true;
      } catch (error) {
        if (isYardError(error, "not_found")) return false;
        throw error;
      }
    },
    archive: (source) => writeTar(entriesOf(directory, source)),
  };
}

async function* entriesOf(directory: string, source: string): AsyncGenerator<TreeEntry, void> {
  let isMissing = true;
  try {
    for await (const entry of existing(directory, source)) {
      if (entry.type === "symlink") throw unfit(source, entry.path, "a link");
      isMissing = false;
      yield entry;
    }
  } catch (error) {
    if (!isMissing || !isYardError(error, "not_found")) throw error;
    yield { type: "directory", path: path.posix.basename(source), mode: 0o755 };
  }
}

async function* existing(directory: string, source: string): AsyncGenerator<TreeEntry, void> {
  const onSkipped = (what: string) => {
    throw unfit(source, what, "neither a file nor a directory");
  };
  if (source === "") {
    yield { type: "directory", path: nameOfAll, mode: 0o755 };
    for await (const entry of readDirectory(directory, { onSkipped })) {
      if (!keptBack.has(entry.path)) yield { ...entry, path: `${nameOfAll}/${entry.path}` };
    }
    return;
  }
  await using parent = await enter(directory, path.posix.dirname(source));
  yield* readNamed(parent.path, path.posix.basename(source), { onSkipped });
}

interface Entered extends AsyncDisposable {
  /** By way of the open directory, where the system offers that. */
  readonly path: string;
}

/** @throws {YardError} not_found; precondition, where a link is on the way */
async function enter(directory: string, below: string): Promise<Entered> {
  let here = entered(await open(directory, O_RDONLY | O_DIRECTORY), directory);
  for (const name of below.split("/").filter((one) => one !== ".")) {
    await using outer = here;
    const handle = await open(path.join(outer.path, name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW).catch((error) => {
      throw asEntranceError(error, below);
    });
    here = entered(handle, path.join(outer.path, name));
  }
  return here;
}

function entered(handle: FileHandle, hostPath: string): Entered {
  const isLinux = process.platform === "linux";
  return {
    path: isLinux ? `/proc/self/fd/${handle.fd}` : hostPath,
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

function asEntranceError(error: unknown, below: string): unknown {
  const errno = errnoOf(error);
  if (errno === "ENOENT") return new YardError("not_found", `There is no ${below}.`, { cause: error });
  if (errno === "ELOOP" || errno === "ENOTDIR") return unfit(below, below, "no directory, or a link to one");
  return error;
}

function unfit(source: string, what: string, is: string): YardError {
  const message = `${what} is ${is}: of ${source || "the stack's directory"} only files and directories can be brought to another host.`;
  return new YardError("precondition", message);
}
