/** Key files: made once, readable by this user alone, never half-written. */
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { link, mkdir, open, rm, stat } from "node:fs/promises";
import path from "node:path";
import { errnoOf, YardError } from "../errors.ts";

const maxKeyFileBytes = 16 * 1024;

/** Reads the key file `name`, or makes it with what `create` returns (file 0600, directory 0700). Two processes that start at once
 *  get the same key.
 *  @throws {YardError} precondition, when others may read the file or its directory */
export async function ensureKeyFile(directory: string, name: string, create: () => string): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  refuseIfOpenToOthers(directory, (await stat(directory)).mode, "700");
  const file = path.join(directory, name);
  const existing = await readKeyFile(file);
  if (existing !== undefined) return existing;
  await writeOnce(directory, file, create());
  const written = await readKeyFile(file);
  if (written === undefined)
    throw new YardError("unavailable", `The key file ${file} vanished while it was made. Start again.`);
  return written;
}

/** Undefined where there is none.
 *  @param options.followLinks for a file that somebody else puts there: secrets are often mounted as links
 *  @throws {YardError} precondition, when others may read it, or it is no key file */
export async function readKeyFile(
  file: string,
  { followLinks = false }: { followLinks?: boolean } = {},
): Promise<string | undefined> {
  try {
    // The mode is asked of the open descriptor, and no symlink of our own directory is followed: what was checked is what is read.
    await using handle = await open(file, constants.O_RDONLY | (followLinks ? 0 : constants.O_NOFOLLOW));
    const { mode, size } = await handle.stat();
    refuseIfOpenToOthers(file, mode, "600");
    if (size > maxKeyFileBytes) throw new YardError("precondition", `${file} is no key file: it has ${size} bytes.`);
    return await handle.readFile("utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    if (errnoOf(error) === "ELOOP")
      throw new YardError("precondition", `The key file ${file} is a symbolic link. Put the file itself there.`);
    throw error;
  }
}

/** A hard link appears at once or fails: unlike a rename it can't replace the key that another process has made meanwhile. */
async function writeOnce(directory: string, file: string, text: string): Promise<void> {
  const temporary = path.join(directory, `.${path.basename(file)}.${randomUUID()}`);
  try {
    await using handle = await open(temporary, "wx", 0o600);
    await handle.writeFile(text);
    await handle.sync();
    await link(temporary, file);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  await using parent = await open(directory, constants.O_RDONLY);
  await parent.sync(); // without it a power loss can forget the name of a file that was itself saved
}

function refuseIfOpenToOthers(file: string, mode: number, wanted: string): void {
  if ((mode & 0o077) === 0) return;
  const found = (mode & 0o777).toString(8);
  throw new YardError(
    "precondition",
    `${file} holds secret keys but others may use it (mode ${found}). Run: chmod ${wanted} ${file}`,
  );
}
