/** Files of stacks on this host, for their containers to mount: what the control plane has beside a stack's compose.yaml. Each file or directory that is mounted
 *  has a place for each of its contents, which is filled once, as a whole, and never written to again by us:
 *
 *      stacks/STACK/<of its path>/<digest>/NAME
 *
 *  So a deployment has the old files or the new ones, and containers that still run keep theirs. A place that is no more as we filled it is one that containers
 *  have written to: it is theirs, stays where it is whatever comes later, and goes with the stack alone. */
import { createHash, randomUUID } from "node:crypto";
import { closeSync, constants, openSync } from "node:fs";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { errnoOf, isYardError, YardError } from "../platform/errors.ts";
import { readDirectory } from "../platform/trees/read-directory.ts";
import { digestOfTree } from "../platform/trees/tree-digest.ts";
import { writeDirectory } from "../platform/trees/write-directory.ts";
import { removeTree } from "../sandboxes/namespace/file-removal.ts";
import { type StackPlace, type StackSource, stackFileLimits } from "./protocol.ts";

export interface StackPlaces {
  /** Changes nothing. In the order of the sources. */
  find(stack: string, sources: readonly StackSource[]): Promise<readonly StackPlace[]>;
  /** @param archive tar @throws {YardError} invalid, where it is not what the digest says; too_large, storage_full */
  fill(stack: string, source: StackSource, archive: Readable): Promise<void>;
  /** Removes the places of a stack but those, and those that containers have written to. */
  keepOnly(stack: string, hostPaths: readonly string[]): Promise<void>;
  /** All of a stack, with what its containers have left there. */
  remove(stack: string): Promise<void>;
}

interface Place {
  readonly digest: string;
  readonly directory: string;
}

const { O_RDONLY, O_DIRECTORY } = constants;
const incoming = ".incoming";

/** @param directory of the agent's own */
export async function openStackPlaces(directory: string): Promise<StackPlaces> {
  const arriving = join(directory, incoming);
  await rm(arriving, { recursive: true, force: true }); // what an agent that was killed was receiving
  await mkdir(arriving, { recursive: true, mode: 0o700 });

  const directoryOf = (stack: string, path: string) =>
    join(directory, stack, createHash("sha256").update(path).digest("hex").slice(0, 16));

  async function placesOf(stack: string, path: string): Promise<readonly Place[]> {
    const parent = directoryOf(stack, path);
    return (await namesIn(parent)).map((digest) => ({ digest, directory: join(parent, digest) }));
  }

  async function find(stack: string, { path, digest, isWritable }: StackSource): Promise<StackPlace> {
    const places = await placesOf(stack, path);
    const at = (place: Pick<Place, "directory">) => join(place.directory, nameOf(path));
    const same = places.find((place) => place.digest === digest);
    if (same) return { hostPath: at(same), isThere: true, isOwn: false };
    for (const place of isWritable ? places : []) {
      if (await isWrittenTo(place)) return { hostPath: at(place), isThere: true, isOwn: true };
    }
    return { hostPath: at({ directory: join(directoryOf(stack, path), digest) }), isThere: false, isOwn: false };
  }

  return {
    find: (stack, sources) => Promise.all(sources.map((source) => find(stack, source))),
    async fill(stack, { path, digest }, archive) {
      const arrival = join(arriving, randomUUID());
      try {
        const { maxTarBytes, readTar } = await import("../platform/trees/tar.ts"); // few agents ever need it
        await writeDirectory(arrival, readTar(archive, { maxBytes: maxTarBytes(stackFileLimits) }), stackFileLimits);
        if ((await digestIn(arrival)) !== digest) {
          throw new YardError("invalid", "The files are not those that were announced: they have changed meanwhile.");
        }
        await syncTree(arrival);
        const parent = directoryOf(stack, path);
        await mkdir(parent, { recursive: true, mode: 0o700 });
        await rename(arrival, join(parent, digest)).catch(unlessThere);
      } finally {
        await rm(arrival, { recursive: true, force: true });
      }
    },
    async keepOnly(stack, hostPaths) {
      for (const parent of await namesIn(join(directory, stack))) {
        for (const digest of await namesIn(join(directory, stack, parent))) {
          const place = { digest, directory: join(directory, stack, parent, digest) };
          if (hostPaths.some((path) => path.startsWith(`${place.directory}/`)) || (await isWrittenTo(place))) continue;
          await removeFrom(directory, `${stack}/${parent}/${digest}`);
        }
      }
    },
    remove: (stack) => removeFrom(directory, stack),
  };
}

/** What a source is called in its place. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1) || "files";
}

async function isWrittenTo({ digest, directory }: Place): Promise<boolean> {
  try {
    return (await digestIn(directory)) !== digest;
  } catch (error) {
    if (isYardError(error)) return true; // it is larger than what we fill in, or changes right now
    throw error;
  }
}

async function digestIn(directory: string): Promise<string> {
  return (await digestOfTree(readDirectory(directory, { onSkipped: changed }), stackFileLimits)).digest;
}

/** Sockets and the like: nothing that we have brought. */
function changed(path: string): never {
  throw new YardError("invalid", `${path} is neither a file nor a directory.`);
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  }
}

/** Somebody else has filled it just now, with the same. */
function unlessThere(error: unknown): void {
  const errno = errnoOf(error);
  if (errno !== "ENOTEMPTY" && errno !== "EEXIST") throw error;
}

/** So that a place that is there after a power loss is whole. */
async function syncTree(directory: string): Promise<void> {
  const paths: string[] = [directory];
  for await (const { path, type } of readDirectory(directory, { onSkipped: changed })) {
    if (type !== "symlink") paths.push(join(directory, path));
  }
  for (const path of paths) {
    await using handle = await open(path, O_RDONLY);
    await handle.sync();
  }
}

/** Containers may still be changing what is in it: nothing that they exchange for a link leads out. */
async function removeFrom(directory: string, path: string): Promise<void> {
  const root = openSync(directory, O_RDONLY | O_DIRECTORY);
  try {
    await removeTree(root, path);
  } finally {
    closeSync(root);
  }
}
