/** The directory that the stacks' directories are in. */
import { constants } from "node:fs";
import { access, lstat, mkdir, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { errnoOf, YardError } from "../../platform/errors.ts";
import { finishChanges } from "./file-changes.ts";
import { readWithin, unfinishedPrefix } from "./stack-directory.ts";
import { isStackName } from "./stack-names.ts";

/** Writes that were cut off are carried out where they were decided, and otherwise leave nothing. */
export async function prepareRoot(root: string): Promise<void> {
  try {
    await mkdir(root, { recursive: true, mode: 0o755 });
    await access(root, constants.R_OK | constants.W_OK | constants.X_OK);
    await finishChanges(root);
    for (const directory of [root, ...(await readdir(root)).filter(isStackName).map((name) => path.join(root, name))]) {
      const names = await readdir(directory).catch(() => []); // a file, or a directory that is closed to us
      for (const name of names.filter((one) => one.startsWith(unfinishedPrefix))) {
        await rm(path.join(directory, name), { recursive: true, force: true });
      }
    }
  } catch (error) {
    const message = `The stacks' directory ${root} cannot be used (${errnoOf(error)}). Make it writable, or choose another one (stacks.directory).`;
    throw errnoOf(error) === undefined ? error : new YardError("unavailable", message, { cause: error });
  }
}

/** Of the directory itself: a link elsewhere is no stack. */
export async function isDirectory(directory: string): Promise<boolean> {
  return lstat(directory).then(
    (stat) => stat.isDirectory(),
    () => false,
  );
}

export async function exists(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    () => false,
  );
}

export async function isBlankFile(file: string): Promise<boolean> {
  const { size } = await lstat(file).catch(() => ({ size: 0 }));
  if (size > 4_096) return false; // who has so many blanks has something between them
  const content = await readWithin(path.dirname(file), file).catch(() => undefined);
  return content === undefined || content.toString().trim() === "";
}
