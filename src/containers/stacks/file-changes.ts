/** Files of a stack's directory that change together: whenever the server dies, all of them are as they were, or all as they are to be.
 *
 *  What is new is made in a directory beside the stack's, which no container of the stack can mount. The moment that has its final name the change is decided; from
 *  then on it is carried out, if not by whoever has begun it, then by whoever finds it. */
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { asStorageError, errnoOf } from "../../platform/errors.ts";
import { removeFile, replaceFile, syncDirectory, unfinishedPrefix } from "./stack-directory.ts";

export interface FileChange {
  /** Its name in the stack's directory. */
  readonly file: string;
  /** Undefined: there is to be none. */
  readonly content: Uint8Array | string | undefined;
  readonly mode: number;
}

const decidedPrefix = ".runyard-decided-";
/** In there: files to be put into their places, and names of those that go. */
const [newName, goneName] = ["new", "gone"];

/** @throws {YardError} storage_full; then nothing has changed */
export async function changeFiles(directory: string, changes: readonly FileChange[]): Promise<void> {
  const [first, ...others] = changes;
  if (first === undefined) return;
  if (others.length > 0) {
    await decide(directory, changes);
    await finishChange(directory);
  } else if (first.content === undefined) await removeFile(directory, first.file);
  else await replaceFile(directory, first.file, first.content, first.mode);
}

async function decide(directory: string, changes: readonly FileChange[]): Promise<void> {
  const root = path.dirname(directory);
  try {
    const stage = await mkdtemp(path.join(root, unfinishedPrefix));
    const [arriving, going] = [path.join(stage, newName), path.join(stage, goneName)];
    try {
      await Promise.all([mkdir(arriving), mkdir(going)]);
      for (const { file, content, mode } of changes) {
        if (content === undefined) await writeFile(path.join(going, file), "");
        else await replaceFile(arriving, file, content, mode);
      }
      await syncDirectory(going);
      await syncDirectory(stage);
      await rename(stage, decidedFor(directory));
    } catch (error) {
      await rm(stage, { recursive: true, force: true });
      throw error;
    }
    await syncDirectory(root);
  } catch (error) {
    throw asStorageError(error, "Writing the stack's files");
  }
}

/** Carries out what was decided for a stack's directory, where somebody did not come to it. As often as one likes. */
export async function finishChange(directory: string): Promise<void> {
  const decided = decidedFor(directory);
  const [arriving, going] = [path.join(decided, newName), path.join(decided, goneName)];
  if ((await namesIn(decided)) === undefined) return;
  // One of the two, or both, may be gone: whoever carried it out before died while clearing away.
  for (const file of (await namesIn(arriving)) ?? []) await moveFile(path.join(arriving, file), directory, file);
  for (const file of (await namesIn(going)) ?? []) await rm(path.join(directory, file), { force: true });
  await syncDirectory(directory);
  await rm(decided, { recursive: true, force: true });
}

/** All of them, below the directory of all stacks. */
export async function finishChanges(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (!name.startsWith(decidedPrefix)) continue;
    const directory = path.join(root, name.slice(decidedPrefix.length));
    if ((await namesIn(directory)) === undefined) await rm(decidedFor(directory), { recursive: true, force: true });
    else await finishChange(directory);
  }
}

const decidedFor = (directory: string) =>
  path.join(path.dirname(directory), `${decidedPrefix}${path.basename(directory)}`);

async function moveFile(from: string, directory: string, file: string): Promise<void> {
  try {
    await rename(from, path.join(directory, file));
  } catch (error) {
    if (errnoOf(error) !== "EXDEV") throw error;
    await replaceFile(directory, file, await readFile(from), (await stat(from)).mode & 0o777); // the stack has a disk of its own
  }
}

async function namesIn(directory: string): Promise<readonly string[] | undefined> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
}
