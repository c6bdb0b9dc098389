/** Removes a tree inside a sandbox while whoever lives there may exchange its directories for links: each is entered by its descriptor, and links never. */
import { constants } from "node:fs";
import { readdir, rmdir, unlink } from "node:fs/promises";
import { errnoOf, YardError } from "../../platform/errors.ts";
import { locateName, nameIn, openInside } from "./confined-path.ts";

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;
/** Each level holds a descriptor open. */
const mostLevels = 512;
/** Somebody may go on filling a directory that we empty. */
const mostAttempts = 16;

export async function removeTree(root: number, path: string): Promise<void> {
  try {
    using at = locateName(root, path);
    await removeEntry(at.parent, at.name, mostLevels);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}

async function removeEntry(parent: number, name: string, levels: number): Promise<void> {
  if (levels === 0) throw new YardError("invalid", `It is deeper than ${mostLevels} directories.`, { field: "path" });
  for (let attempt = 1; ; attempt++) {
    try {
      return await unlink(nameIn(parent, name));
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === "ENOENT") return;
      if (errno !== "EISDIR" && errno !== "EPERM") throw error;
    }
    try {
      await empty(parent, name, levels);
      return await rmdir(nameIn(parent, name));
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === "ENOENT") return;
      const wasChanged = errno === "ENOTDIR" || errno === "ELOOP" || errno === "ENOTEMPTY";
      if (!wasChanged || attempt === mostAttempts) throw error;
    }
  }
}

async function empty(parent: number, name: string, levels: number): Promise<void> {
  using directory = openInside(parent, name, { flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW });
  for (const one of await readdir(nameIn(directory.fd, "."))) await removeEntry(directory.fd, one, levels - 1);
}
