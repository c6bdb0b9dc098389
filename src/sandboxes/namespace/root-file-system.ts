/** The root file system of one sandbox: overlays of its template's layers, which stay as they are, and of directories of its own, which take all that it writes. With a
 *  limit those are on a small file system in a file, which ends where the limit is. */
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, statfsSync, statSync } from "node:fs";
import { mkdir, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { asStorageError, YardError } from "../../platform/errors.ts";
import { mounts } from "../../platform/process/mounts.ts";
import { makeImage } from "./blank-images.ts";
import { bytesOnDisk, copyTree, mendImage } from "./disk-tools.ts";
import { imageFreed, mountImage } from "./image-mounts.ts";
import { type Layer, placeName, workSuffix } from "./layer-store.ts";
import type { LowerLayers } from "./lower-layers.ts";
import type { UserNamespaces } from "./user-namespaces.ts";

/** Of one sandbox, on the host. */
export interface SandboxPlace {
  /** What it keeps; private to the agent's user. */
  readonly directory: string;
  /** Where its root is mounted. Not in `directory`: whoever makes the namespaces is no user of the host any more, and must be able to get there. */
  readonly rootPath: string;
}

export interface RootFileSystem {
  /** Where it is seen on the host. */
  readonly path: string;
  /** Of what is written to a directory, as it was a few seconds ago. */
  diskBytes(): Promise<number>;
  /** What was written, into a directory: nobody may write meanwhile. */
  copyOwn(directory: string): Promise<void>;
  /** What was written stays. */
  unmount(): Promise<void>;
  /** Unmounts and deletes it. What was not there is no error. */
  remove(): Promise<void>;
}

/** With what was written there before, if it is still there.
 *  @throws {YardError} invalid, precondition (this kernel or disk has no such overlays), storage_full */
export async function makeRootFileSystem(
  place: SandboxPlace,
  parts: { layers: readonly Layer[]; users: UserNamespaces; lowers: LowerLayers; diskBytes?: number },
): Promise<RootFileSystem> {
  const { layers, users, lowers, diskBytes } = parts;
  const { directory, rootPath } = place;
  const system = openRootFileSystem(place);
  const isNew = !existsSync(join(directory, "own"));
  try {
    mkdirSync(join(directory, "own"), { recursive: true, mode: 0o700 });
    makeReachable(rootPath, users.rootId);
    if (diskBytes !== undefined) await provideImage(directory, diskBytes);
    for (const layer of layers) await mountLayer(place, { layer, users, lowers });
    return system;
  } catch (error) {
    await (isNew ? system.remove() : system.unmount());
    const storage = asStorageError(error, "The sandbox's files cannot be set up");
    if (storage !== error || error instanceof YardError) throw storage;
    throw new YardError("precondition", `No root file system can be mounted here: ${String(error)}.`, { cause: error });
  }
}

/** One that was made before. */
export function openRootFileSystem({ directory, rootPath }: SandboxPlace): RootFileSystem {
  const own = join(directory, "own");
  const measure = measureSometimes(own);

  async function unmount(): Promise<void> {
    while (await mounts().unmountTree(rootPath)); // once, and once more for a try that was cut short
    while (await mounts().unmountTree(own));
  }

  return {
    path: rootPath,
    async diskBytes() {
      if (!existsSync(join(directory, "image"))) return measure();
      const { blocks, bfree, bsize } = statfsSync(own);
      return (blocks - bfree) * bsize;
    },
    async copyOwn(target) {
      const places = readdirSync(own).filter((name) => !name.endsWith(workSuffix) && name !== "lost+found");
      mkdirSync(join(target, "own"), { mode: 0o700 });
      for (const name of places) await copyTree(join(own, name), join(target, "own", name));
    },
    unmount,
    async remove() {
      await unmount();
      await removeEmpty(rootPath, dirname(rootPath));
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

const leastMeasureMs = 5_000;
/** Measuring takes a program that looks at every file: it may take a twentieth of the time. */
const measureShare = 20;

function measureSometimes(directory: string): () => Promise<number> {
  let last: Promise<number> | undefined;
  let nextAt = 0;
  return () => {
    const startedAt = performance.now();
    if (last && startedAt < nextAt) return last;
    nextAt = Number.POSITIVE_INFINITY;
    last = bytesOnDisk(directory).finally(() => {
      const endedAt = performance.now();
      nextAt = endedAt + Math.max(leastMeasureMs, (endedAt - startedAt) * measureShare);
    });
    return last;
  };
}

async function mountLayer(
  { directory, rootPath }: SandboxPlace,
  { layer, users, lowers }: { layer: Layer; users: UserNamespaces; lowers: LowerLayers },
): Promise<void> {
  const upper = join(directory, "own", placeName(layer.at));
  const work = `${upper}${workSuffix}`;
  await mkdir(work, { recursive: true }); // aside: the first directory of a new file system waits for its disk
  if (!existsSync(upper)) makeUpper(upper, layer, users.rootId);
  const lower = [...layer.over, lowers.pathOf(layer.from, users)];
  mounts().mountOverlay(join(rootPath, layer.at), { lower, upper, work });
}

/** The directory's own properties are those of the upper layer. */
function makeUpper(upper: string, { from, over: [latest] }: Layer, rootId: number): void {
  const { mode, uid, gid } = latest ? statSync(latest) : { mode: statSync(from).mode, uid: rootId, gid: rootId };
  mkdirSync(upper);
  chmodSync(upper, mode & 0o7777);
  chownSync(upper, uid, gid);
}

async function provideImage(directory: string, bytes: number): Promise<void> {
  const image = join(directory, "image");
  if (existsSync(image)) {
    await imageFreed(image);
    await mendImage(image);
  } else await makeImage(image, bytes);
  await mountImage(image, join(directory, "own"));
}

/** For nobody else of the host: others could read there what the sandbox lets everybody in it read. */
function makeReachable(rootPath: string, rootId: number): void {
  const parent = dirname(rootPath);
  mkdirSync(rootPath, { recursive: true, mode: 0o711 });
  chmodSync(dirname(parent), 0o711);
  chownSync(parent, 0, rootId);
  chmodSync(parent, 0o710);
}

/** The last sandbox takes the directory of all with it. */
async function removeEmpty(...directories: string[]): Promise<void> {
  for (const directory of directories) await rmdir(directory).catch(() => {}); // not there, or others are in it
}
