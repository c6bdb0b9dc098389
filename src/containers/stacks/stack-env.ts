/** The variables of a stack on the disk: encrypted with age under a key of the yard's key directory, which `age -d -i` takes as well. A plain `.env` that somebody
 *  has put there is read too, and becomes an encrypted one when it is next written through an API. There are never both for long. */
import { stat } from "node:fs/promises";
import path from "node:path";
import { ensureKeyFile, readKeyFile } from "../../platform/crypto/key-files.ts";
import { YardError } from "../../platform/errors.ts";
import type { Sealer } from "./age.ts";
import { readWithin } from "./stack-directory.ts";

export const plainName = ".env";
export const sealedName = ".env.age";
/** Of the key directory. */
const keyName = "stacks.age";

export interface EnvStore {
  /** Undefined: the stack has none. @throws {YardError} precondition: it cannot be opened */
  read(directory: string): Promise<string | undefined>;
  seal(text: string): Promise<Uint8Array>;
}

/** The key is made when something is first sealed.
 *  @throws {YardError} precondition, for a key file that is open to others */
export async function openEnvStore(keyDirectory: string): Promise<EnvStore> {
  await readKeyFile(path.join(keyDirectory, keyName));
  let opening: Promise<Sealer> | undefined;

  function sealer(): Promise<Sealer> {
    opening ??= openSealer(keyDirectory).catch((error) => {
      opening = undefined; // its file may be mended
      throw error;
    });
    return opening;
  }

  async function unseal(bytes: Uint8Array): Promise<string> {
    const { open } = await sealer();
    try {
      return await open(bytes);
    } catch (cause) {
      const advice = `It was changed, or sealed with another key than ${keyName}: restore both from the same backup.`;
      throw new YardError("precondition", `${sealedName} cannot be opened. ${advice}`, { cause });
    }
  }

  return {
    async read(directory) {
      const [plain, sealed] = await Promise.all([readWithin(directory, plainName), readWithin(directory, sealedName)]);
      if (plain !== undefined && (sealed === undefined || (await isNewer(directory)))) return plain.toString();
      return sealed && unseal(sealed);
    },
    seal: async (text) => (await sealer()).seal(text),
  };
}

/** @throws {YardError} precondition, for a key file that is open to others, or damaged */
async function openSealer(keyDirectory: string): Promise<Sealer> {
  const { createSealer, makeIdentity } = await import("./age.ts");
  const fresh = await makeIdentity();
  const identity = (await ensureKeyFile(keyDirectory, keyName, () => `${fresh}\n`)).trim();
  try {
    return await createSealer(identity);
  } catch (cause) {
    const message = `${keyName} in ${keyDirectory} is no key of age. Restore it from a backup: what is sealed with it opens with no other.`;
    throw new YardError("precondition", message, { cause });
  }
}

/** Both are there when somebody has put a plain one beside ours, or when a write was cut off before the plain one was gone. */
async function isNewer(directory: string): Promise<boolean> {
  const [plain, sealed] = await Promise.all([plainName, sealedName].map((name) => stat(path.join(directory, name))));
  return plain!.mtimeMs > sealed!.mtimeMs;
}
