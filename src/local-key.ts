/** The key that lets the owner of the data directory use the yard of this machine without a login: an API key of an administrator in
 *  `local.json`, mode 0600. It gives away nothing: who can read it can read the database and the signing key beside it. */
import { readFile } from "node:fs/promises";
import { type LocalYard, readLocalYard, writeLocalYard } from "./client/local-yard.ts";
import type { Identity } from "./identity/identity.ts";
import { isYardError } from "./platform/errors.ts";
import type { Log } from "./platform/log.ts";

/** One for each yard that shares the database. */
const keyNameOf = (yardId: string) => `command line on the machine of yard ${yardId}`;

export interface LocalKeyParts {
  readonly identity: Identity;
  readonly yardId: string;
  /** The data directory. */
  readonly directory: string;
  readonly url: string;
  /** Path of a certificate that no authority has signed. */
  readonly certificate: string | undefined;
  readonly log: Log;
}

/** Writes `local.json` anew at each start, for the address may be another one; the key stays the same as long as it is good. */
export async function ensureLocalKey(parts: LocalKeyParts): Promise<void> {
  const { identity, yardId, directory, url, certificate, log } = parts;
  const known = await readLocalYard(directory).catch(() => undefined); // damaged: made anew
  const token = known && (await isGood(identity, known)) ? known.token : await newKey(identity, keyNameOf(yardId));
  if (token === undefined) {
    log.warn("there is no active administrator: the command line of this machine needs `runyard login`");
    return;
  }
  await writeLocalYard(directory, { url, token, certificate: certificate && (await readFile(certificate, "utf8")) });
}

async function isGood(identity: Identity, { token }: LocalYard): Promise<boolean> {
  try {
    return (await identity.authenticator.authenticate(token)).isAdmin;
  } catch (error) {
    if (isYardError(error, "unauthenticated")) return false;
    throw error;
  }
}

async function newKey({ users, apiKeys }: Identity, keyName: string): Promise<string | undefined> {
  const admin = (await users.list()).find((user) => user.state === "active" && user.roles.includes("admin"));
  if (!admin) return undefined;
  for (const old of await apiKeys.list(admin.id)) if (old.name === keyName) await apiKeys.revoke(old.id);
  const { key } = await apiKeys.create({ userId: admin.id, name: keyName });
  return key;
}
