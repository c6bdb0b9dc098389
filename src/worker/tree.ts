/** What a task has left in a directory, as the entries of an archive. Symbolic links are followed where they lead to a file or a directory: who
 *  takes the archive elsewhere wants what they stand for. One that leads nowhere stays a link. */
import { constants } from "node:fs";
import { open, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, YardError } from "../platform/errors.ts";
import { readDirectory } from "../platform/trees/read-directory.ts";
import { modeBits, type TreeEntries, type TreeEntry } from "../platform/trees/tree-entry.ts";

export interface TreeOptions {
  /** The name of the directory in the archive. */
  readonly prefix: string;
  /** False where the links are those of a sandbox with files of its own: they mean nothing here. */
  readonly followsLinks: boolean;
  readonly onSkipped: (path: string) => void;
}

const partBytes = 1024 ** 2;
/** A few links that lead to each other's parents are a tree without end. */
const mostEntries = 1_000_000;
const { O_RDONLY, O_NONBLOCK } = constants;

/** @throws {YardError} too_large, forbidden, interrupted */
export async function* directoryTree(directory: string, options: TreeOptions): TreeEntries {
  yield { type: "directory", path: options.prefix, mode: 0o755 };
  const { followsLinks, onSkipped } = options;
  let entries = 0;
  for await (const entry of walk({ directory, prefix: options.prefix, above: [] }, { followsLinks, onSkipped })) {
    if (++entries > mostEntries)
      throw new YardError(
        "too_large",
        `${directory} holds more than ${mostEntries} files with what its links lead to.`,
      );
    yield entry;
  }
}

interface Place {
  readonly directory: string;
  readonly prefix: string;
  /** Real paths of the directories that this one is in: a link to one of them is a circle. */
  readonly above: readonly string[];
}

type WalkOptions = Pick<TreeOptions, "followsLinks" | "onSkipped">;

async function* walk(place: Place, options: WalkOptions): AsyncGenerator<TreeEntry, void> {
  const inArchive = (path: string) => `${place.prefix}/${path}`;
  const above = [...place.above, await realpath(place.directory)];
  const readOptions = { onSkipped: (path: string) => options.onSkipped(inArchive(path)) };
  for await (const entry of readDirectory(place.directory, readOptions)) {
    const path = inArchive(entry.path);
    if (entry.type !== "symlink" || !options.followsLinks) yield { ...entry, path };
    else yield* follow({ ...entry, path }, { from: join(place.directory, entry.path), above }, options);
  }
}

async function* follow(
  link: Extract<TreeEntry, { type: "symlink" }>,
  { from, above }: { from: string; above: readonly string[] },
  options: WalkOptions,
): AsyncGenerator<TreeEntry, void> {
  const target = await stat(from).catch(leadsNowhere);
  if (target?.isFile()) {
    await using file = await open(from, O_RDONLY | O_NONBLOCK);
    const { size, mode } = await file.stat();
    yield {
      type: "file",
      path: link.path,
      mode: mode & modeBits,
      size,
      content: rangeOf(file, { start: 0, end: size }),
    };
  } else if (target?.isDirectory()) {
    if (above.includes(await realpath(from))) return options.onSkipped(link.path);
    yield { type: "directory", path: link.path, mode: target.mode & modeBits };
    yield* walk({ directory: from, prefix: link.path, above }, options);
  } else if (target === undefined) yield link;
  else options.onSkipped(link.path);
}

function leadsNowhere(error: unknown): undefined {
  const errno = errnoOf(error);
  if (errno === "ENOENT" || errno === "ELOOP" || errno === "ENOTDIR" || errno === "EACCES") return undefined;
  throw error;
}

interface Reads {
  read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
}

/** Exactly those bytes: what is appended meanwhile is left out. @throws {YardError} interrupted: the file became shorter */
export async function* rangeOf(
  file: Reads,
  { start, end }: { start: number; end: number },
): AsyncGenerator<Uint8Array, void> {
  for (let position = start; position < end; ) {
    const part = Buffer.allocUnsafe(Math.min(partBytes, end - position));
    const { bytesRead } = await file.read(part, 0, part.length, position);
    if (bytesRead === 0) throw new YardError("interrupted", "A file has become shorter while it was read.");
    position += bytesRead;
    yield part.subarray(0, bytesRead);
  }
}
