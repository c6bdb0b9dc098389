/** The keys of a yard, the same ones on all its replicas.
 *
 *  A yard by itself (SQLite) has both in files of its data directory. Replicas share a database, not a directory: they are given the master key, and
 *  the signing key lies in the database, sealed with it. So the database alone lets nobody sign a token, and a replica with another master key is
 *  refused at its start, before it can write anything that the others could not read. */
import type { Clock } from "../clock.ts";
import type { Database } from "../db/database.ts";
import { createStoredSettings } from "../db/stored-settings.ts";
import { YardError } from "../errors.ts";
import { type GivenMasterKey, openMasterKey } from "./master-key.ts";
import { createSecretBox } from "./secret-box.ts";
import { deriveKey } from "./secrets.ts";
import { newSigningKey, openSigningKeys, readSigningKey, type SigningKeys, signingKeysFrom } from "./signing-keys.ts";

export interface YardKeys {
  /** 32 bytes; see `deriveKey`. */
  readonly master: Buffer;
  readonly signing: SigningKeys;
}

export interface YardKeysParts {
  readonly database: Database;
  readonly clock: Clock;
  /** Mode 0700; made when missing. */
  readonly directory: string;
  readonly masterKey?: GivenMasterKey;
}

/** Of the row in `settings`, and where the sealed text belongs. */
const storedKey = "yard.signing-key";

/** @throws {YardError} precondition */
export async function openYardKeys({ database, clock, directory, masterKey }: YardKeysParts): Promise<YardKeys> {
  const master = await openMasterKey(directory, masterKey);
  if (database.dialect === "sqlite") return { master, signing: await openSigningKeys(directory) };

  const box = createSecretBox(deriveKey(master, "signing key at rest"));
  const stored = createStoredSettings({ database, clock });
  if ((await stored.read(storedKey)) === undefined) {
    // A yard that had its key in a file keeps it, and with it the sessions that were signed with it.
    const pem = (await readSigningKey(directory)) ?? newSigningKey();
    await stored.change(storedKey, (before) => before ?? box.seal(pem, storedKey));
  }
  const sealed = await stored.read(storedKey);
  return { master, signing: await signingKeysFrom(openSealed(sealed), `The signing key in ${database.location}`) };

  function openSealed(text: unknown): string {
    try {
      return box.open(String(text), storedKey);
    } catch (cause) {
      const message =
        `The yard in the database ${database.location} has another master key than this one. Give all replicas the same: ` +
        "the content of keys/master.key in the data directory of the first, as RUNYARD_MASTER_KEY or by --master-key-file.";
      throw new YardError("precondition", message, { cause });
    }
  }
}
