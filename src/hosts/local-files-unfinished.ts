/** Remembers the temporary files of uploads, so that the next start deletes what a killed process has left. One small file each: its name is
 *  the temporary file's, its content the directory that it lies in. */
import { mkdir, readdir, readFile, rm, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asStorageError, errnoOf, isYardError } from "../platform/errors.ts";
import { randomText } from "../platform/ids.ts";
import { locate } from "./local-files-locate.ts";

export interface Unfinished {
  /** Notes a temporary file that is about to be made in `directory`. @returns its name, which nobody can guess */
  begin(directory: string): Promise<string>;
  /** It is gone. */
  end(name: string): Promise<void>;
}

const prefix = ".runyard-upload-";
const ours = new RegExp(`^\\${prefix}[0-9a-z]{20}$`);

/** Deletes what is left of an earlier life, then begins anew. A place that cannot be reached now is tried again at the next start. */
export async function openUnfinished(directory: string): Promise<Unfinished> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  for (const name of await readdir(directory)) {
    const note = join(directory, name);
    if (!ours.test(name) || (await isDeleted(name, await readFile(note, "utf8")))) await rm(note, { force: true });
  }
  return {
    async begin(place) {
      const name = prefix + randomText(20);
      await writeFile(join(directory, name), place, { mode: 0o600, flag: "wx" }).catch((error: unknown) => {
        throw asStorageError(error, "the data directory");
      });
      return name;
    },
    end: (name) => rm(join(directory, name), { force: true }),
  };
}

async function isDeleted(name: string, place: string): Promise<boolean> {
  try {
    await using found = await locate(place, []);
    await unlink(join(found.anchor, name));
    return true;
  } catch (error) {
    return errnoOf(error) === "ENOENT" || isYardError(error, "not_found") || isYardError(error, "invalid");
  }
}
