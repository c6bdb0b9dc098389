/** What the files of a sandbox look like from inside. */

import { constants, readlinkSync, type Stats } from "node:fs";
import { readdir } from "node:fs/promises";
import { errnoOf, YardError } from "../../platform/errors.ts";
import type { FileEntry } from "../sandbox.ts";
import { locate, locateName, openInside, type Place } from "./confined-path.ts";

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;
/** Owners that no user inside is. */
const nobody = 65_534;
const users = 65_536;

export function entryOf(
  status: Stats,
  { path, rootId, target }: { path: string; rootId: number; target: string | undefined },
): FileEntry {
  const inside = (id: number) => (id >= rootId && id < rootId + users ? id - rootId : nobody);
  return {
    name: path.slice(path.lastIndexOf("/") + 1),
    path,
    type: typeOf(status),
    size: status.size,
    mode: status.mode & 0o7777,
    uid: inside(status.uid),
    gid: inside(status.gid),
    modifiedAt: status.mtimeMs,
    target,
  };
}

/** @param path below `directory`, where `place` was found */
export function linkTarget(directory: number, { status }: Place, path: string): string | undefined {
  if (!status.isSymbolicLink()) return undefined;
  using at = locateName(directory, path);
  return readlinkSync(at.hostPath);
}

function typeOf(status: Stats): FileEntry["type"] {
  if (status.isFile()) return "file";
  if (status.isDirectory()) return "directory";
  return status.isSymbolicLink() ? "symlink" : "other";
}

export interface ListRequest {
  readonly root: number;
  readonly rootId: number;
  readonly path: string;
  readonly depth: number;
  readonly maxEntries: number;
}

/** @throws {YardError} too_large */
export async function listTree({ root, rootId, path, depth, maxEntries }: ListRequest): Promise<FileEntry[]> {
  const entries: FileEntry[] = [];

  async function visit(directory: Place, at: string, levels: number): Promise<void> {
    const names = await readdir(`/proc/self/fd/${directory.fd}`);
    if (entries.length + names.length > maxEntries) {
      throw new YardError("too_large", `${path} holds more than ${maxEntries} entries: ask for less depth.`, {
        field: "path",
      });
    }
    for (const name of names.sort(byBytes)) {
      using place = locateIfThere(directory.fd, name);
      if (!place) continue; // removed meanwhile
      const target = linkTarget(directory.fd, place, name);
      entries.push(entryOf(place.status, { path: `${at}/${name}`, rootId, target }));
      if (levels > 1 && place.status.isDirectory()) {
        using below = openInside(place.fd, ".", { flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW });
        await visit(below, `${at}/${name}`, levels - 1);
      }
    }
  }

  using top = openInside(root, path, { flags: O_RDONLY | O_DIRECTORY });
  await visit(top, path.replace(/\/+$/, ""), depth);
  return entries;
}

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

function locateIfThere(directory: number, name: string): Place | undefined {
  try {
    return locate(directory, name, { follow: false });
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
