/** Files of a capsule in Wrenn's words. */
import { posix } from "node:path";
import { Type } from "typebox";
import { YardError } from "../../platform/errors.ts";
import type { FileEntry } from "../../sandboxes/sandbox.ts";
import type { OwnerNames } from "./owner-names.ts";

/** Of root, as whom all file operations act. */
const home = "/root";

/** @param path absolute, or from the home directory on, which is also `~`
 *  @returns absolute, without `.` and `..`   @throws {YardError} invalid */
export function pathFromWire(path: string): string {
  if (path === "") throw new YardError("invalid", "must not be empty", { field: "path" });
  if (path.includes("\0")) throw new YardError("invalid", "holds a NUL byte", { field: "path" });
  if (!path.isWellFormed()) throw new YardError("invalid", "holds half of a character", { field: "path" });
  if (/^~[^/]/.test(path)) {
    throw new YardError("invalid", "begins with another user's home, which is not known here", { field: "path" });
  }
  const absolute = path.startsWith("~") ? home + path.slice(1) : posix.resolve(home, path);
  return posix.resolve(absolute);
}

export const PathBody = Type.Object({
  path: Type.String({ description: "Absolute, or from root's home directory on; `~` is that" }),
});

export const FileEntryReply = Type.Object({
  name: Type.String(),
  path: Type.String(),
  type: Type.Optional(
    Type.Enum(["file", "directory", "symlink"], { description: "Not there for devices, pipes and sockets" }),
  ),
  size: Type.Integer(),
  mode: Type.Integer({ description: "Permission bits as a number: 420 is 0644" }),
  permissions: Type.String({ description: "As `ls` shows them, with `L` for a link and `?` for what is neither" }),
  owner: Type.String({ description: "By name, if the capsule knows one" }),
  group: Type.String({ description: "Likewise" }),
  modified_at: Type.Integer({ description: "In seconds since 1970" }),
  symlink_target: Type.Optional(
    Type.String({ description: "Where a link leads in the end; its own path, if it leads nowhere" }),
  ),
});

export function fileEntryToWire(entry: FileEntry, names: OwnerNames) {
  const { name, path, type, size, mode, uid, gid, modifiedAt } = entry;
  return {
    name,
    path,
    ...(type !== "other" && { type }),
    size,
    mode,
    permissions: typeLetters[type] + triplets(mode),
    owner: names.users.get(uid) ?? String(uid),
    group: names.groups.get(gid) ?? String(gid),
    modified_at: Math.floor(modifiedAt / 1_000),
    ...(type === "symlink" && { symlink_target: entry.resolved ?? path }),
  };
}

const typeLetters = { file: "-", directory: "d", symlink: "L", other: "?" } as const;

/** `rwxr-xr-x` */
function triplets(mode: number): string {
  const letters = [..."rwxrwxrwx"];
  return letters.map((letter, at) => (mode & (0o400 >> at) ? letter : "-")).join("");
}
