/** Where a task finds what it needs, and leaves what it makes: directories of its own, gone with it. */
import { lstatSync, mkdirSync, opendirSync, readdirSync, renameSync } from "node:fs";
import { chmod, lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { asStorageError, errnoOf } from "../platform/errors.ts";
import { newId } from "../platform/ids.ts";

export interface TaskDirectories {
  /** Of all below. */
  readonly root: string;
  readonly result: string;
  readonly exec: string;
  readonly resource: string;
  /** Standard output and error, while they are written. Not there yet. */
  readonly output: string;
  /** Where the command may leave a task to follow it. Not there yet. */
  readonly newTask: string;
}

function directoriesIn(root: string): TaskDirectories {
  return {
    root,
    result: join(root, "result"),
    exec: join(root, "exec"),
    resource: join(root, "resource"),
    output: join(root, "std-log"),
    newTask: join(root, "new-task.json"),
  };
}

/** The directories of all tasks of a worker. Most short tasks leave theirs as they found them; such go to a later task, under another name: to make and delete four takes a
 *  millisecond, half of all that a worker does for a task of `true`, and to rename one a tenth of that. */
export interface DirectoryStock {
  /** Where all of them are. */
  readonly parent: string;
  /** Empty ones. @throws {YardError} storage_full */
  take(): Promise<TaskDirectories>;
  /** Nothing is found at their paths any more. */
  giveBack(directories: TaskDirectories): Promise<void>;
}

/** @param parent its owner removes it in the end, with what is in stock */
export function createDirectoryStock(parent: string): DirectoryStock {
  const stock: TaskDirectories[] = [];
  const newRoot = () => join(parent, newId("task"));
  return {
    parent,
    take: async () => stock.pop() ?? (await makeDirectories(newRoot())),
    async giveBack(directories) {
      const renamed = isAsMade(directories) ? renamedTo(directories, newRoot()) : undefined;
      if (renamed) stock.push(renamed);
      else await removeTree(directories.root);
    },
  };
}

const mode = 0o700;

async function makeDirectories(root: string): Promise<TaskDirectories> {
  const made = directoriesIn(root);
  try {
    // At once: through the thread pool each takes ten times as long, and short tasks come by the hundred a second.
    for (const path of [root, made.result, made.exec, made.resource]) mkdirSync(path, { mode });
    return made;
  } catch (error) {
    await removeTree(root);
    throw asStorageError(error, "The directories of a task cannot be made");
  }
}

/** Three empty directories and nothing beside them, ours alone. */
function isAsMade({ root, result, exec, resource }: TaskDirectories): boolean {
  const inside = [result, exec, resource];
  try {
    return (
      readdirSync(root).length === inside.length &&
      isOurs(root) &&
      inside.every((path) => isOurs(path) && isEmpty(path))
    );
  } catch {
    return false; // gone, or no directory
  }
}

function isOurs(path: string): boolean {
  const found = lstatSync(path);
  return found.isDirectory() && (found.mode & 0o7777) === mode && found.uid === process.geteuid?.();
}

/** @throws {Error} it cannot be read */
export function isEmpty(directory: string): boolean {
  using entries = opendirSync(directory);
  return entries.readSync() === null;
}

/** What still runs of a task (it has left its process group, and hides) finds nothing where its directories were. */
function renamedTo({ root }: TaskDirectories, to: string): TaskDirectories | undefined {
  try {
    renameSync(root, to);
    return directoriesIn(to);
  } catch {
    return undefined;
  }
}

/** Whatever a task has made of the permissions in it. */
export async function removeTree(root: string): Promise<void> {
  try {
    await rm(root, { recursive: true, force: true });
  } catch (error) {
    if (!["EACCES", "EPERM", "ENOTEMPTY"].includes(errnoOf(error) ?? "")) throw error;
    await openUp(root);
    await rm(root, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** A directory that its owner cannot list or change cannot be emptied. */
async function openUp(path: string): Promise<void> {
  if (!(await lstat(path)).isDirectory()) return;
  await chmod(path, 0o700);
  for (const name of await readdir(path)) await openUp(join(path, name));
}
