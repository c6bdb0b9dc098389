/** The root file system of one sandbox: overlays of its template's layers, which stay as they are, and of directories of its own, which take all that it writes. With a
 *  limit those are on a small file system in a file, which ends where the limit is. */
import { execFile } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  statfsSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { asStorageError, errnoOf, YardError } from "../../platform/errors.ts";
import { kernel } from "../../platform/process/kernel.ts";
import type { Layer } from "./templates.ts";
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
  diskBytes(): Promise<number>;
  /** Unmounts and deletes it. What was not there is no error. */
  remove(): Promise<void>;
}

const run = promisify(execFile);
const toolTimeoutMs = 60_000;
/** Of a file system: below that, its own bookkeeping would take most of it. */
const leastDiskBytes = 16 * 1024 * 1024;

/** @throws {YardError} invalid, precondition (this kernel or disk has no such overlays), storage_full */
export async function makeRootFileSystem(
  place: SandboxPlace,
  parts: { layers: readonly Layer[]; users: UserNamespaces; diskBytes?: number },
): Promise<RootFileSystem> {
  const { layers, users, diskBytes } = parts;
  const { directory, rootPath } = place;
  const system = openRootFileSystem(place);
  try {
    for (const name of ["lower", "own"]) mkdirSync(join(directory, name), { recursive: true, mode: 0o700 });
    makeReachable(rootPath, users.rootId);
    if (diskBytes !== undefined) await mountImage(directory, diskBytes);
    for (const [index, layer] of layers.entries()) mountLayer(place, { layer, index, users });
    return system;
  } catch (error) {
    await system.remove();
    const storage = asStorageError(error, "The sandbox's files cannot be set up");
    if (storage !== error || error instanceof YardError) throw storage;
    throw new YardError("precondition", `No root file system can be mounted here: ${String(error)}.`, { cause: error });
  }
}

/** One that was made before. */
export function openRootFileSystem({ directory, rootPath }: SandboxPlace): RootFileSystem {
  const own = join(directory, "own");
  const image = join(directory, "image");
  return {
    path: rootPath,
    async diskBytes() {
      if (existsSync(image)) {
        const { blocks, bfree, bsize } = statfsSync(own);
        return (blocks - bfree) * bsize;
      }
      const { stdout } = await run("du", ["-skx", own], { timeout: toolTimeoutMs }).catch((error) => error);
      return Number.parseInt(stdout, 10) * 1024 || 0;
    },
    async remove() {
      unmountBelow(rootPath);
      unmountBelow(directory);
      removeEmpty(rootPath, dirname(rootPath));
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function mountLayer(
  { directory, rootPath }: SandboxPlace,
  { layer, index, users }: { layer: Layer; index: number; users: UserNamespaces },
): void {
  const [upper, work] = [join(directory, "own", `${index}`), join(directory, "own", `${index}.work`)];
  const lower = join(directory, "lower");
  const { mode } = statSync(layer.from);
  mkdirSync(upper, { recursive: true });
  mkdirSync(work, { recursive: true });
  chmodSync(upper, mode & 0o7777); // the directory's own properties are those of the upper layer
  chownSync(upper, users.rootId, users.rootId);
  kernel().bindShifted({ source: layer.from, target: lower, userNamespace: users.outer });
  try {
    const options = { lowerdir: lower, upperdir: upper, workdir: work };
    const text = Object.entries(options).map(([name, path]) => `${name}=${path.replace(/[\\,:]/g, "\\$&")}`);
    kernel().mountOverlay(join(rootPath, layer.at), text.join(","));
  } finally {
    kernel().unmount(lower); // the overlay has its own hold on it
  }
}

/** For nobody else of the host: others could read there what the sandbox lets everybody in it read. */
function makeReachable(rootPath: string, rootId: number): void {
  const parent = dirname(rootPath);
  mkdirSync(rootPath, { recursive: true, mode: 0o711 });
  chmodSync(dirname(parent), 0o711);
  chownSync(parent, 0, rootId);
  chmodSync(parent, 0o710);
}

/** A sparse file: it takes disk only for what is written. */
async function mountImage(directory: string, bytes: number): Promise<void> {
  if (bytes < leastDiskBytes) {
    throw new YardError("invalid", `A disk needs ${leastDiskBytes} bytes at least.`, { field: "limits.diskBytes" });
  }
  const image = join(directory, "image");
  writeFileSync(image, "", { mode: 0o600 });
  truncateSync(image, bytes);
  // No journal and no reserve: it is made anew with each sandbox, and full is full for root too.
  const format = ["-q", "-F", "-m", "0", "-O", "^has_journal", "-E", "lazy_itable_init=1,nodiscard", image];
  await runTool("mkfs.ext4", format);
  await runTool("mount", ["-t", "ext4", "-o", "loop,nodev,nosuid,noatime", image, join(directory, "own")]);
}

async function runTool(file: string, args: string[]): Promise<void> {
  try {
    await run(file, args, { timeout: toolTimeoutMs, env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" } });
  } catch (cause) {
    const reason = errnoOf(cause) === "ENOENT" ? "it is not installed (e2fsprogs, mount)" : String(cause);
    throw new YardError("precondition", `The disk cannot be limited: ${file}: ${reason}.`, {
      field: "limits.diskBytes",
      cause,
    });
  }
}

/** The last sandbox takes the directory of all with it. */
function removeEmpty(...directories: string[]): void {
  for (const directory of directories) {
    try {
      rmdirSync(directory);
    } catch {
      // Not there, or others are in it.
    }
  }
}

/** The latest first: it may lie on an earlier one. */
function unmountBelow(directory: string): void {
  const points = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => unescaped(line.split(" ")[4] ?? ""))
    .filter((point) => point === directory || point.startsWith(`${directory}/`));
  for (const point of points.toReversed()) kernel().unmount(point);
}

/** Blanks and the like are three octal digits there. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
