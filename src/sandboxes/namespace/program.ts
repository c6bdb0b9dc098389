/** Programs, directories and users as they are inside a sandbox, looked up beforehand: so that what is wrong has a clear error in place of a process that
 *  ends at once. Whoever lives there may change them a moment later, and then harms only itself. */
import { closeSync, constants, openSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { errnoOf, YardError } from "../../platform/errors.ts";
import { locate } from "./confined-path.ts";

export interface InsideUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

const rootUser: InsideUser = { name: "root", uid: 0, gid: 0, home: "/root", shell: "/bin/sh" };
/** The file is the guest's own: it may be anything. */
const mostUserBytes = 1024 * 1024;

/** @throws {YardError} invalid, `field` argv */
export function findProgramInside(root: number, name: string, { cwd, path }: { cwd: string; path: string }): string {
  const candidates = name.includes("/")
    ? [posix.resolve(cwd, name)]
    : path.split(":").map((directory) => posix.resolve(cwd, directory, name));
  let problem = "there is no such program";
  for (const candidate of candidates) {
    const reason = whyNotExecutable(root, candidate);
    if (reason === undefined) return candidate;
    if (reason !== missing) problem = `${candidate} ${reason}`;
  }
  throw new YardError("invalid", `Cannot run ${name} in the sandbox: ${problem}.`, { field: "argv" });
}

const missing = "is not there";

function whyNotExecutable(root: number, path: string): string | undefined {
  try {
    using place = locate(root, path, { follow: true });
    if (!place.status.isFile()) return "is no regular file";
    return (place.status.mode & 0o111) === 0 ? "is not executable" : undefined;
  } catch (error) {
    return errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR" ? missing : `cannot be used (${errnoOf(error)})`;
  }
}

/** @throws {YardError} invalid, `field` cwd */
export function checkDirectoryInside(root: number, path: string): void {
  if (!path.startsWith("/")) {
    throw new YardError("invalid", `The working directory must be an absolute path, not ${path}.`, { field: "cwd" });
  }
  if (isDirectoryInside(root, path)) return;
  throw new YardError("invalid", `${path} is no directory in the sandbox.`, { field: "cwd" });
}

export function isDirectoryInside(root: number, path: string): boolean {
  try {
    using place = locate(root, path, { follow: true });
    return place.status.isDirectory();
  } catch {
    return false;
  }
}

/** Of the sandbox's own list of users. @throws {YardError} invalid, `field` user */
export function findUserInside(root: number, name = "root"): InsideUser {
  for (const line of readUsers(root).split("\n")) {
    const [user, , uid, gid, , home, shell] = line.split(":");
    if (user !== name || !isId(uid) || !isId(gid)) continue;
    return { name, uid: Number(uid), gid: Number(gid), home: home || "/", shell: shell || "/bin/sh" };
  }
  if (name === "root") return rootUser; // also where a template has no list
  throw new YardError("invalid", `The sandbox has no user ${JSON.stringify(name)}.`, { field: "user" });
}

function isId(text: string | undefined): boolean {
  return text !== undefined && /^\d{1,5}$/.test(text) && Number(text) < 65_536;
}

function readUsers(root: number): string {
  try {
    using place = locate(root, "/etc/passwd", { follow: true });
    if (!place.status.isFile() || place.status.size > mostUserBytes) return "";
    const fd = openSync(`/proc/self/fd/${place.fd}`, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return readFileSync(fd, "utf8");
    } finally {
      closeSync(fd);
    }
  } catch {
    return "";
  }
}
