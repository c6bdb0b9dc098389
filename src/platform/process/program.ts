/** Which file an argv's first word means. Found out before the fork, so that the caller gets a clear error in place of a
 *  process that ends at once with 127. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { errnoOf, YardError } from "../errors.ts";

/** @param where.path the PATH that a name without a slash is looked up on
 *  @throws {YardError} invalid, `field` argv: there is none, or it cannot be executed */
export function findProgram(name: string, where: { cwd: string; path: string }): string {
  if (name.includes("/")) {
    const file = resolve(where.cwd, name);
    const problem = whyNotExecutable(file);
    if (problem) throw new YardError("invalid", `Cannot run ${name}: ${problem}.`, { field: "argv" });
    return file;
  }
  let problem: string | undefined;
  for (const directory of where.path.split(delimiter)) {
    const file = join(resolve(where.cwd, directory), name);
    const reason = whyNotExecutable(file);
    if (!reason) return file;
    if (reason !== notFound) problem ??= `${file}: ${reason}`;
  }
  const reason = problem ?? `no program of that name on the PATH (${where.path})`;
  throw new YardError("invalid", `Cannot run ${name}: ${reason}.`, { field: "argv" });
}

const notFound = "no such file (ENOENT)";

function whyNotExecutable(file: string): string | undefined {
  try {
    if (!statSync(file).isFile()) return "not a regular file (EACCES)";
    accessSync(file, constants.X_OK);
    return undefined;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "ENOTDIR") return notFound;
    return errno === "EACCES" ? "not executable by the agent (EACCES)" : `${errno}`;
  }
}
