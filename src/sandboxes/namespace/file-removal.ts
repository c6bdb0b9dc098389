/** Removes a tree inside a sandbox while whoever lives there may exchange its directories for links: each is entered by its descriptor, and links never. */
import { constants } from "node:fs";
import { readdir, rmdir, unlink } from "node:fs/promises";
import { errnoOf, YardError } from "../../platform/errors.ts";
import { locateName, nameIn, openInside } from "./confined-path.ts";

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;
/** Each level holds a descriptor open. */
const mostLevels = 512;
/** Somebody may go on filling a directory that we empty. Of the whole tree: each level trying for itself would multiply them. */
const mostRetries = 16;

interface Removal {
  retriesLeft: number;
}

export async function removeTree(root: number, path: string): Promise<void> {
  try {
    using at = locateName(root, path);
    await removeEntry(at.parent, at.name, { levels: mostLevels, removal: { retriesLeft: mostRetries } });
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}

interface Depth {
  /** That may still follow. */
  readonly levels: number;
  readonly removal: Removal;
}

async function removeEntry(parent: number, name: string, depth: Depth): Promise<void> {
  const { levels, removal } = depth;
  if (levels === 0) throw new YardError("invalid", `It is deeper than ${mostLevels} directories.`, { field: "path" });
  for (;;) {
    try {
      return await unlink(nameIn(parent, name));
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === "ENOENT") return;
      if (errno !== "EISDIR" && errno !== "EPERM") throw error;
    }
    try {
      await empty(parent, name, { levels: levels - 1, removal });
      return await rmdir(nameIn(parent, name));
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === "ENOENT") return;
      const wasChanged = errno === "ENOTDIR" || errno === "ELOOP" || errno === "ENOTEMPTY";
      if (!wasChanged || removal.retriesLeft === 0) throw error;
      removal.retriesLeft -= 1;
    }
  }
}

async function empty(parent: number, name: string, depth: Depth): Promise<void> {
  using directory = openInside(parent, name, { flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW });
  for (const one of await readdir(nameIn(directory.fd, "."))) await removeEntry(directory.fd, one, depth);
}
