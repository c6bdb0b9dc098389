import path from "node:path";
import { YardError } from "../errors.ts";
import { ensureKeyFile, readKeyFile } from "./key-files.ts";
import { newSecret } from "./secrets.ts";

/** The key as the operator gives it to every replica, in place of a file of our own. */
export type GivenMasterKey = { readonly text: string } | { readonly file: string };

const fileName = "master.key";
const keyBytes = 32;

/** The 32 bytes from which the yard derives its symmetric keys (`deriveKey`), made on the first start unless one is given. Without them what is
 *  sealed in the database stays sealed: back the file up apart from it.
 *  @throws {YardError} precondition, when a file is open to others or not a key, or when the yard has worked with another key so far */
export async function openMasterKey(directory: string, given?: GivenMasterKey): Promise<Buffer> {
  if (given === undefined) {
    return parse(
      await ensureKeyFile(directory, fileName, newSecret),
      `${fileName} in ${directory}`,
      "Restore it from a backup.",
    );
  }
  const key = await openGiven(given);
  const made = await readKeyFile(path.join(directory, fileName));
  if (made !== undefined && made !== key.toString("base64url")) {
    const advice = "Give that one, or remove the file if nothing of this yard is sealed with it.";
    throw new YardError(
      "precondition",
      `${fileName} in ${directory} is another key than the given master key. ${advice}`,
    );
  }
  return key;
}

async function openGiven(given: GivenMasterKey): Promise<Buffer> {
  const advice = "It is 32 bytes in base64url, as `openssl rand -base64 32 | tr '+/' '-_' | tr -d '='` prints them.";
  if ("text" in given) return parse(given.text, "The given master key", advice);
  const text = await readKeyFile(given.file, { followLinks: true });
  if (text === undefined) throw new YardError("precondition", `There is no master key file ${given.file}.`);
  return parse(text, `The master key file ${given.file}`, advice);
}

/** @param place names it in errors, which do not repeat it */
function parse(text: string, place: string, advice: string): Buffer {
  const written = text.trim();
  const key = Buffer.from(written, "base64url");
  if (key.length === keyBytes && key.toString("base64url") === written) return key;
  throw new YardError("precondition", `${place} is no key. ${advice}`);
}
