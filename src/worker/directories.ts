/** Where a task finds what it needs, and leaves what it makes: directories of its own, gone with it. */
import { mkdirSync, rmdirSync } from "node:fs";
import { chmod, lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { asStorageError, errnoOf } from "../platform/errors.ts";

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

export function directoriesIn(root: string): TaskDirectories {
  return {
    root,
    result: join(root, "result"),
    exec: join(root, "exec"),
    resource: join(root, "resource"),
    output: join(root, "std-log"),
    newTask: join(root, "new-task.json"),
  };
}

/** @throws {YardError} storage_full */
export async function makeDirectories(root: string): Promise<TaskDirectories> {
  const made = directoriesIn(root);
  try {
    // At once: through the thread pool each takes ten times as long, and short tasks come by the hundred a second.
    for (const path of [root, made.result, made.exec, made.resource]) mkdirSync(path, { mode: 0o700 });
    return made;
  } catch (error) {
    await removeTree(root);
    throw asStorageError(error, "The directories of a task cannot be made");
  }
}

/** Most short tasks leave nothing: that is the quick way. */
export async function removeDirectories({ root, result, exec, resource }: TaskDirectories): Promise<void> {
  try {
    for (const path of [result, exec, resource, root]) rmdirSync(path);
  } catch {
    await removeTree(root);
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
