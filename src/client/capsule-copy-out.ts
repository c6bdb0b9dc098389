/** Files of a capsule onto this machine. What the capsule says of them may be anything: each name goes into the directory that was asked for or nowhere,
 *  a directory appears whole or not at all, and links are followed neither there nor here. */
import { createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, posix } from "node:path";
import { pipeline } from "node:stream/promises";
import { asStorageError, YardError } from "../platform/errors.ts";
import { randomText } from "../platform/ids.ts";
import { isEntryName, modeBits, type TreeEntry } from "../platform/trees/tree-entry.ts";
import { writeDirectory } from "../platform/trees/write-directory.ts";
import { type CapsulePlace, type FileSeen, listDirectory, readCapsuleFile } from "./capsule-files.ts";
import { type CopyCount, type CopyOptions, createCopyCount } from "./copy-count.ts";
import type { YardClient } from "./http.ts";
import type { Transferred } from "./trees.ts";

/** More is no copy, but a listing without an end. */
const limits = { maxBytes: 2 ** 44, maxEntries: 10_000_000 };

export interface Copied extends Transferred {
  /** Where it is now. */
  readonly to: string;
}

/** @param to a directory, into which it goes under its own name; or else its new path. A file that is there is replaced when the new one is whole.
 *  @throws {YardError} not_found; invalid; conflict: a directory is there that is not empty */
export async function copyOut(
  client: YardClient,
  from: CapsulePlace,
  to: string,
  options: CopyOptions,
): Promise<Copied> {
  const count = createCopyCount(options);
  const entries = await listDirectory(client, from, options.signal);
  const target = await targetOf(from, to);
  if (entries) {
    await writeDirectory(
      target,
      walk({ client, root: { ...from, path: posix.resolve(from.path) }, count, options }, "", entries),
      limits,
    );
  } else {
    count.entry();
    await writeFile(
      target,
      await modeOf(client, from, options),
      count.bytes(readCapsuleFile(client, from, options.signal)),
    );
  }
  return { to: target, ...count.soFar() };
}

async function targetOf({ path }: CapsulePlace, to: string): Promise<string> {
  const there = await stat(to).catch(() => undefined);
  if (!there?.isDirectory()) return to;
  const name = posix.basename(path);
  if (isEntryName(name)) return join(to, name);
  throw new YardError("invalid", `${path} has no name to be written under. Name a new directory to write to.`);
}

interface Walk {
  readonly client: YardClient;
  readonly root: CapsulePlace;
  readonly count: CopyCount;
  readonly options: CopyOptions;
}

/** @param below path from the root of what is copied, empty for the root itself */
async function* walk(at: Walk, below: string, entries: readonly FileSeen[]): AsyncGenerator<TreeEntry, void> {
  for (const entry of entries) {
    const { name, type, mode } = entry;
    if (!isEntryName(name))
      throw new YardError("invalid", `the capsule names a file ${JSON.stringify(name)}. Nothing was written.`);
    const path = posix.join(below, name);
    const place = { ...at.root, path: posix.join(at.root.path, path) };
    if (type === undefined) {
      at.options.onSkipped(path, "it is no file, directory or link");
      continue;
    }
    if (type === "symlink") {
      const target = targetInside(at.root.path, place.path, entry.target);
      if (target === undefined) at.options.onSkipped(path, "it is a link that leads out of what is copied, or nowhere");
      else {
        at.count.entry();
        yield { type, path, target };
      }
      continue;
    }
    at.count.entry();
    if (type === "file") {
      const content = firstBytes(readCapsuleFile(at.client, place, at.options.signal), entry.size);
      yield { type, path, mode, size: entry.size, content: at.count.bytes(content) };
    } else {
      yield { type, path, mode };
      yield* walk(at, path, (await listDirectory(at.client, place, at.options.signal)) ?? []);
    }
  }
}

/** The link as one that leads to the copy. */
function targetInside(root: string, link: string, target: string | undefined): string | undefined {
  if (target === undefined || target === link || !target.startsWith(root === "/" ? root : `${root}/`)) return undefined;
  return posix.relative(posix.dirname(link), target) || ".";
}

/** What is appended meanwhile is left out. */
async function* firstBytes(content: AsyncIterable<Buffer>, size: number): AsyncGenerator<Buffer, void> {
  let left = size;
  for await (const part of content) {
    yield part.subarray(0, left);
    left -= Math.min(left, part.length);
    if (left === 0) return;
  }
}

const usualMode = 0o644;

/** Of a single file: its directory tells. */
async function modeOf(client: YardClient, { capsule, path }: CapsulePlace, { signal }: CopyOptions): Promise<number> {
  const siblings = await listDirectory(client, { capsule, path: posix.dirname(path) }, signal);
  const found = siblings?.find(({ name }) => name === posix.basename(path));
  return found?.type === "file" ? found.mode & modeBits : usualMode;
}

async function writeFile(target: string, mode: number, content: AsyncIterable<Buffer>): Promise<void> {
  const unfinished = join(dirname(target), `.${basename(target)}.${randomText(8)}.unfinished`);
  try {
    await pipeline(content, createWriteStream(unfinished, { flags: "wx", mode }));
    await rename(unfinished, target);
  } catch (error) {
    throw asWriteError(error, target);
  } finally {
    await rm(unfinished, { force: true });
  }
}

function asWriteError(error: unknown, target: string): unknown {
  const known = asStorageError(error, `Writing ${target}`);
  if (known !== error || !(error instanceof Error) || !("syscall" in error)) return known;
  return new YardError("invalid", `cannot write ${target}: ${error.message}`, { cause: error });
}
