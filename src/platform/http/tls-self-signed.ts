/** A certificate of our own making, for a yard that has none: kept in the data directory, made anew before it expires. Clients that do
 *  not ask an authority trust it by its file. */
import { hostname } from "node:os";
import type { Clock } from "../clock.ts";
import type { TlsMaterial, TlsSource } from "./tls.ts";
import { certificatePaths, keepCertificate } from "./tls-kept.ts";

const dayMs = 86_400_000;
const lifetimeMs = 365 * dayMs;

export const selfSignedPaths = certificatePaths;

/** @param directory made with mode 0700 when missing; the key in it has mode 0600 */
export function selfSignedTls(directory: string, parts: { clock: Clock }): TlsSource {
  return {
    load() {
      const names = ["localhost", hostname()];
      const now = parts.clock.now();
      return keepCertificate(directory, { names, now, make: () => makeCertificate(names, now) });
    },
  };
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
