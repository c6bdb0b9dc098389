/** A certificate that we make ourselves: kept in a directory, and made anew before it expires, or when it does not say any more what it should. */
import { X509Certificate } from "node:crypto";
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { errnoOf } from "../errors.ts";
import { randomText } from "../ids.ts";
import { holdsTogether, type TlsMaterial } from "./tls.ts";

const renewBeforeMs = 30 * 86_400_000;

export interface KeptCertificate {
  /** Names and addresses that it has to be good for. */
  readonly names: readonly string[];
  readonly now: number;
  make(): Promise<TlsMaterial>;
  /** What it has to be besides. */
  isFit?(certificate: X509Certificate): boolean;
}

export function certificatePaths(directory: string): { readonly cert: string; readonly key: string } {
  return { cert: join(directory, "certificate.pem"), key: join(directory, "key.pem") };
}

/** @param directory made with mode 0700 when missing; the key in it has mode 0600 */
export async function keepCertificate(directory: string, wanted: KeptCertificate): Promise<TlsMaterial> {
  const kept = await readKept(directory);
  if (kept && isGood(kept, wanted)) return kept;
  const made = await wanted.make();
  await keep(directory, made);
  return made;
}

async function readKept(directory: string): Promise<TlsMaterial | undefined> {
  const paths = certificatePaths(directory);
  try {
    const [cert, key] = await Promise.all([readFile(paths.cert, "utf8"), readFile(paths.key, "utf8")]);
    return { cert, key };
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** A pair that a crash tore apart while it was written is not good either: then a new one is made. */
function isGood(kept: TlsMaterial, { names, now, isFit = () => true }: KeptCertificate): boolean {
  if (!holdsTogether(kept)) return false;
  const certificate = new X509Certificate(kept.cert);
  const isFor = (name: string) => (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)) !== undefined;
  return names.every(isFor) && certificate.validToDate.getTime() - now > renewBeforeMs && isFit(certificate);
}

async function keep(directory: string, { cert, key }: TlsMaterial): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  const paths = certificatePaths(directory);
  for (const [path, text, mode] of [
    [paths.key, key, 0o600],
    [paths.cert, cert, 0o644],
  ] as const) {
    const unfinished = `${path}.${randomText(8)}`;
    await writeFile(unfinished, text, { mode, flag: "wx" });
    await rename(unfinished, path);
  }
}
