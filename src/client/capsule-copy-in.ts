/** Files of this machine into a capsule. The yard writes files and directories; permissions and links are made by commands inside. */
import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { basename, posix } from "node:path";
import { isYardError, YardError } from "../platform/errors.ts";
import { readDirectory } from "../platform/trees/read-directory.ts";
import { modeBits } from "../platform/trees/tree-entry.ts";
import type { Copied } from "./capsule-copy-out.ts";
import { type CapsulePlace, listDirectory, makeCapsuleDirectory, writeCapsuleFile } from "./capsule-files.ts";
import { runToEnd } from "./capsule-processes.ts";
import { type CopyOptions, createCopyCount } from "./copy-count.ts";
import type { YardClient } from "./http.ts";

/** Larger than the default 64 KiB: twice as fast. */
const chunkBytes = 1024 * 1024;

/** @param to a directory, into which it goes under its own name; or else its new path. With a slash at its end it is a directory, there or not.
 *  @throws {YardError} invalid: it cannot be read */
export async function copyIn(
  client: YardClient,
  given: string,
  to: CapsulePlace,
  options: CopyOptions,
): Promise<Copied> {
  const from = await realpath(given).catch((error: unknown) => {
    throw new YardError("invalid", `cannot read ${given}: ${error instanceof Error ? error.message : error}`);
  });
  const found = await stat(from);
  if (!found.isFile() && !found.isDirectory())
    throw new YardError("invalid", `${given} is neither a file nor a directory.`);
  const target = await targetOf(client, from, to, options.signal);
  const count = createCopyCount(options);
  const later = createLater(client, to.capsule);
  if (found.isFile()) {
    count.entry();
    const content = count.bytes(createReadStream(from, { highWaterMark: chunkBytes }) as AsyncIterable<Buffer>);
    await writeCapsuleFile(client, target, content, options.signal);
    later.setMode(target.path, found.mode & modeBits, usualModes.file);
  } else {
    await makeCapsuleDirectory(client, target);
    const onSkipped = (path: string): void =>
      options.onSkipped(path, "it is no file, directory or link, or its name is no text");
    for await (const entry of readDirectory(from, { onSkipped })) {
      options.signal.throwIfAborted();
      count.entry();
      const place = { ...target, path: posix.join(target.path, entry.path) };
      if (entry.type === "directory") await makeCapsuleDirectory(client, place);
      else if (entry.type === "file") await writeCapsuleFile(client, place, count.bytes(entry.content), options.signal);
      if (entry.type === "symlink") later.link(place.path, entry.target);
      else later.setMode(place.path, entry.mode, usualModes[entry.type]);
    }
  }
  await later.run(options);
  return { to: target.path, ...count.soFar() };
}

async function targetOf(
  client: YardClient,
  from: string,
  to: CapsulePlace,
  signal: AbortSignal,
): Promise<CapsulePlace> {
  const inside = { ...to, path: posix.join(to.path, basename(from)) };
  if (to.path.endsWith("/")) return inside;
  const isDirectory = await listDirectory(client, to, signal).catch((error: unknown) => {
    if (isYardError(error, "not_found")) return undefined;
    throw error;
  });
  return isDirectory ? inside : to;
}

/** As the yard makes them. */
const usualModes = { file: 0o644, directory: 0o755 } as const;
/** Of a command's arguments together, far below what a kernel takes. */
const mostArgumentBytes = 64 * 1024;

interface Later {
  setMode(path: string, mode: number, usual: number): void;
  link(path: string, target: string): void;
  run(options: Pick<CopyOptions, "signal" | "onSkipped">): Promise<void>;
}

/** What is done when all files are there: a few commands for all of it. */
function createLater(client: YardClient, capsule: string): Later {
  const modes = new Map<number, string[]>();
  const links: string[] = [];
  async function run(script: string, args: readonly string[], options: Pick<CopyOptions, "onSkipped">): Promise<void> {
    const code = await runToEnd(client, capsule, { argv: ["/bin/sh", "-c", script, "sh", ...args] });
    if (code !== 0) options.onSkipped(args.at(-1) ?? "", "its permissions, or links beside it, could not be made");
  }
  return {
    setMode(path, mode, usual) {
      if (mode === usual) return;
      const paths = modes.get(mode) ?? [];
      paths.push(path);
      modes.set(mode, paths);
    },
    link: (path, target) => void links.push(target, path),
    async run(options) {
      for (const args of batches(links)) {
        options.signal.throwIfAborted();
        await run('while [ $# -gt 0 ]; do ln -sfn -- "$1" "$2" || exit; shift 2; done', args, options);
      }
      for (const [mode, paths] of modes) {
        // The deepest first: a directory that cannot be entered any more is not entered any more.
        for (const args of batches(paths.toReversed())) {
          options.signal.throwIfAborted();
          await run(`chmod -- ${mode.toString(8).padStart(4, "0")} "$@"`, args, options);
        }
      }
    },
  };
}

/** An even number in each. */
function* batches(words: readonly string[]): Generator<string[], void> {
  let batch: string[] = [];
  let bytes = 0;
  for (const word of words) {
    if (bytes > mostArgumentBytes && batch.length % 2 === 0) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(word);
    bytes += Buffer.byteLength(word);
  }
  if (batch.length > 0) yield batch;
}
