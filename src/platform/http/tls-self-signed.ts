/** A certificate of our own making, for a yard that has none: kept in the data directory, made anew before it expires. Clients that do
 *  not ask an authority trust it by its file. */
import { X509Certificate } from "node:crypto";
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Clock } from "../clock.ts";
import { errnoOf } from "../errors.ts";
import { randomText } from "../ids.ts";
import { holdsTogether, type TlsMaterial, type TlsSource } from "./tls.ts";

const dayMs = 86_400_000;
const lifetimeMs = 365 * dayMs;
const renewBeforeMs = 30 * dayMs;

export function selfSignedPaths(directory: string): { readonly cert: string; readonly key: string } {
  return { cert: join(directory, "certificate.pem"), key: join(directory, "key.pem") };
}

/** @param directory made with mode 0700 when missing; the key in it has mode 0600 */
export function selfSignedTls(directory: string, parts: { clock: Clock }): TlsSource {
  return {
    async load() {
      const names = ["localhost", hostname()];
      const kept = await readKept(directory);
      if (kept && isGood(kept, names, parts.clock.now())) return kept;
      const made = await makeCertificate(names, parts.clock.now());
      await keep(directory, made);
      return made;
    },
  };
}

async function readKept(directory: string): Promise<TlsMaterial | undefined> {
  const paths = selfSignedPaths(directory);
  try {
    const [cert, key] = await Promise.all([readFile(paths.cert, "utf8"), readFile(paths.key, "utf8")]);
    return { cert, key };
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** A pair that a crash tore apart while it was written is not good either: then a new one is made. */
function isGood(kept: TlsMaterial, names: readonly string[], now: number): boolean {
  if (!holdsTogether(kept)) return false;
  const certificate = new X509Certificate(kept.cert);
  const namesAll = names.every((name) => certificate.checkHost(name) !== undefined);
  return namesAll && certificate.validToDate.getTime() - now > renewBeforeMs;
}

async function keep(directory: string, { cert, key }: TlsMaterial): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  const paths = selfSignedPaths(directory);
  for (const [path, text, mode] of [
    [paths.key, key, 0o600],
    [paths.cert, cert, 0o644],
  ] as const) {
    const unfinished = `${path}.${randomText(8)}`;
    await writeFile(unfinished, text, { mode, flag: "wx" });
    await rename(unfinished, path);
  }
}

async function makeCertificate(names: readonly string[], now: number): Promise<TlsMaterial> {
  // Loaded here: they take a tenth of a second and some megabytes, once a year.
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=Runyard",
    notBefore: new Date(now - dayMs), // clients whose clock is behind
    notAfter: new Date(now + lifetimeMs),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        ...[...new Set(names)].map((value) => ({ type: "dns", value }) as const),
        ...["127.0.0.1", "::1"].map((value) => ({ type: "ip", value }) as const),
      ]),
    ],
  });
  const key = x509.PemConverter.encode(
    await crypto.subtle.exportKey("pkcs8", keys.privateKey),
    x509.PemConverter.PrivateKeyTag,
  );
  return { cert: certificate.toString("pem"), key };
}
