/** `fs` of scripts, on the mounted tree. Errors are as Node has them: `code`, and a message that names operation and path. */
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import { isTreeError, type TreeErrno, type TreeError } from "../../snapshots/tree-error.ts";
import type { NodeStatus, WorkingTree } from "../../snapshots/working-tree.ts";
import { CallError, shortened } from "./call-error.ts";

/** What an operation gives: something that JSON can express, or bytes. */
export interface FileAnswer {
  readonly value?: unknown;
  readonly content?: Uint8Array;
}

interface Operation {
  readonly path: string;
  readonly destination: string;
  readonly recursive: boolean;
  readonly content: Uint8Array;
  /** Aborted when the script is over. */
  readonly signal: AbortSignal;
}

type Run = (tree: WorkingTree, operation: Operation) => Promise<FileAnswer | undefined>;

const FileArguments = Compile(
  Type.Object({
    path: Type.String(),
    destination: Type.Optional(Type.String()),
    recursive: Type.Optional(Type.Boolean()),
  }),
);

const copiedBytes = 1024 ** 2;
/** As stat(2) has them, above the permissions. */
const typeBits = { file: 0o100000, directory: 0o040000, symlink: 0o120000 } as const;

const operations: ReadonlyMap<string, Run> = new Map(
  Object.entries<Run>({
    readFile: async (tree, { path }) => ({ content: await tree.read(path) }),
    writeFile: (tree, { path, content }) => done(tree.write(path, content)),
    appendFile: (tree, { path, content }) => done(tree.append(path, content)),
    readdir: async (tree, { path }) => ({ value: (await tree.readdir(path)).map(({ name }) => name) }),
    stat: async (tree, { path }) => ({ value: statsOf(await tree.stat(path)) }),
    lstat: async (tree, { path }) => ({ value: statsOf(await tree.lstat(path)) }),
    exists: async (tree, { path }) => ({ value: await exists(tree, path) }),
    mkdir: (tree, { path }) => done(tree.mkdir(path)),
    rmdir: (tree, { path }) => done(removeDirectory(tree, path)),
    rm: (tree, { path, recursive }) => done(tree.rm(path, { recursive })),
    unlink: (tree, { path }) => done(tree.rm(path)),
    rename: (tree, { path, destination }) => done(tree.rename(path, destination)),
    copyFile: (tree, operation) => done(copyFile(tree, operation)),
    symlink: (tree, { path, destination }) => done(tree.symlink(destination, path)),
    readlink: async (tree, { path }) => ({ value: await tree.readlink(path) }),
  }),
);

/** @param name without `fs.`
 *  @throws {CallError} whatever the script has done wrong; other errors as they are */
export async function callFile(
  tree: WorkingTree,
  name: string,
  args: unknown,
  content: Uint8Array,
  signal: AbortSignal,
): Promise<FileAnswer> {
  const run = operations.get(name);
  if (run === undefined) throw new CallError(`fs.${name} does not exist`);
  if (!FileArguments.Check(args)) throw new CallError(`fs.${name}: this is not how it is called`);
  const { path, destination = "", recursive = false } = args;
  try {
    return (await run(tree, { path, destination, recursive, content, signal })) ?? {};
  } catch (error) {
    throw isTreeError(error) ? describe(name, error) : error;
  }
}

async function done(change: Promise<void>): Promise<undefined> {
  await change;
}

function statsOf({ type, mode, size }: NodeStatus) {
  return { kind: type, mode: typeBits[type] | mode, size };
}

async function exists(tree: WorkingTree, path: string): Promise<boolean> {
  try {
    await tree.stat(path);
    return true;
  } catch (error) {
    if (isTreeError(error)) return false;
    throw error;
  }
}

/** There are no empty ones: it only finds out why not. */
async function removeDirectory(tree: WorkingTree, path: string): Promise<void> {
  const { type } = await tree.lstat(path);
  if (type !== "directory")
    throw new CallError(`fs.rmdir: ${shortened(path)}: ENOTDIR: it is no directory`, { code: "ENOTDIR" });
  await tree.rm(path);
}

/** In parts: a file may be larger than what is held in memory. */
async function copyFile(tree: WorkingTree, { path: from, destination, signal }: Operation): Promise<void> {
  const { type, size, mode } = await tree.stat(from);
  if (type !== "file")
    throw new CallError(`fs.copyFile: ${shortened(from)}: ENOENT: there is no such file`, { code: "ENOENT" });
  async function* parts(): AsyncGenerator<Uint8Array> {
    for (let offset = 0; offset < size; offset += copiedBytes) {
      signal.throwIfAborted();
      yield await tree.read(from, { offset, length: copiedBytes });
    }
  }
  await tree.writeFrom(destination, parts(), { mode });
}

function describe(name: string, { errno, reason, path }: TreeError): CallError {
  const [code, text] = tellingOf(name, errno) ?? [errno, reason];
  return new CallError(`fs.${name}: ${shortened(path)}: ${code}: ${text}`, { code });
}

/** Where a script is better told otherwise than the tree tells us. */
function tellingOf(name: string, errno: TreeErrno): readonly [code: TreeErrno, text: string] | undefined {
  if (errno === "EFBIG") return [errno, "the file is larger than the memory of the script"];
  if (errno === "ENOTDIR" && name === "readdir") return ["ENOENT", "there is no such directory"];
  return undefined;
}
