/** Files that hold a credential: for their owner's eyes only, and never half written. */
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { errnoOf, YardError } from "../platform/errors.ts";
import { randomText } from "../platform/ids.ts";

/** Replaces the file as a whole (mode 0600, in a directory of mode 0700 if it must be made): a reader sees the old text or the new one. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}.${randomText(8)}`;
  try {
    {
      await using file = await open(temporary, "wx", 0o600);
      await file.writeFile(text);
      await file.sync();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** The text, or undefined when there is no such file.
 *  @throws {YardError} precondition, if others may read or write it: what it holds may be known to them, or be theirs */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  try {
    const { mode, uid } = await stat(path);
    if ((mode & 0o077) !== 0) {
      throw new YardError("precondition", `${path} is open to other users. Close it with \`chmod 600 ${path}\`.`);
    }
    if (process.geteuid && uid !== process.geteuid() && process.geteuid() !== 0) {
      throw new YardError(
        "precondition",
        `${path} belongs to another user. Remove it, or name the yard with --url and --token.`,
      );
    }
    return await readFile(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return undefined;
    if (errnoOf(error) === "EACCES") {
      throw new YardError(
        "precondition",
        `${path} cannot be read by this user. Name the yard with --url and --token.`,
        { cause: error },
      );
    }
    throw error;
  }
}
