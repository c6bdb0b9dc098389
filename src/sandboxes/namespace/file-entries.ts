/** What the files of a sandbox look like from inside. */

import { isUtf8 } from "node:buffer";
import { constants, lstatSync, readlinkSync, type Stats } from "node:fs";
import { readdir } from "node:fs/promises";
import { setImmediate as letOthersRun } from "node:timers/promises";
import { errnoOf, YardError } from "../../platform/errors.ts";
import type { FileEntry } from "../sandbox.ts";
import { locate, locateName, nameIn, openInside, type Place } from "./confined-path.ts";

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;
/** Looking at an entry is a handful of calls that nobody else waits for, but a link may lead through thousands of names, and there may be thousands of such. */
const mostMsAtOnce = 5;
/** All paths of a list together: directories may lie in each other deeper than any path can say. */
const mostPathLength = 16 * 1024 * 1024;
/** Owners that no user inside is. */
const nobody = 65_534;
const users = 65_536;

export function entryOf(
  status: Stats,
  { path, rootId, ...link }: { path: string; rootId: number } & Pick<FileEntry, "target" | "resolved">,
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
    ...link,
  };
}

/** @param path below `directory`, where `place` was found */
export function linkTarget(directory: number, { status }: Place, path: string): string | undefined {
  if (!status.isSymbolicLink()) return undefined;
  using at = locateName(directory, path);
  return readlinkSync(at.hostPath);
}

/** Where a link leads in the end, as it is called inside; undefined, if nowhere, or to where no files of the sandbox are. */
export function resolvedLink(root: number, { status }: Place, path: string): string | undefined {
  if (!status.isSymbolicLink()) return undefined;
  try {
    using end = locate(root, path, { follow: true });
    const [top, found] = [readlinkSync(`/proc/self/fd/${root}`), readlinkSync(`/proc/self/fd/${end.fd}`)];
    const prefix = top === "/" ? "" : top;
    if (found === top) return "/";
    return found.startsWith(`${prefix}/`) ? found.slice(prefix.length) : undefined;
  } catch {
    return undefined;
  }
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
  let pathLength = 0;
  let pausedAt = performance.now();

  function add(entry: FileEntry): void {
    pathLength += entry.path.length + (entry.target?.length ?? 0) + (entry.resolved?.length ?? 0);
    if (pathLength > mostPathLength) throw tooMuch(path, "names more than a list can hold");
    entries.push(entry);
  }

  async function visit(directory: Place, at: string, levels: number): Promise<void> {
    const names = await readdir(`/proc/self/fd/${directory.fd}`, { encoding: "buffer" });
    if (entries.length + names.length > maxEntries) {
      throw tooMuch(path, `holds more than ${maxEntries} entries`);
    }
    for (const bytes of names.sort(Buffer.compare)) {
      if (performance.now() - pausedAt > mostMsAtOnce) {
        await letOthersRun();
        pausedAt = performance.now();
      }
      const name = bytes.toString();
      if (!isUtf8(bytes)) {
        const status = statusIfThere(directory.fd, bytes);
        if (status) add(entryOf(status, { path: `${at}/${name}`, rootId }));
        continue;
      }
      using place = locateIfThere(directory.fd, name);
      if (!place) continue; // removed meanwhile
      const target = linkTarget(directory.fd, place, name);
      const resolved = resolvedLink(root, place, `${at}/${name}`);
      add(entryOf(place.status, { path: `${at}/${name}`, rootId, target, resolved }));
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

function tooMuch(path: string, what: string): YardError {
  return new YardError("too_large", `${path} ${what}: ask for less depth.`, { field: "path" });
}

function locateIfThere(directory: number, name: string): Place | undefined {
  try {
    return locate(directory, name, { follow: false });
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Of a name that no text can be: it is shown, with U+FFFD in it, and cannot be asked for; nor can what is in it, if it is a directory. */
function statusIfThere(directory: number, name: Buffer): Stats | undefined {
  return lstatSync(Buffer.concat([Buffer.from(nameIn(directory, "")), name]), { throwIfNoEntry: false });
}
