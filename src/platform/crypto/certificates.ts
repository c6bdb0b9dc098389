/** X.509 certificates of an authority of our own: ECDSA on P-256, which every TLS client of today speaks. */
import { type webcrypto, X509Certificate } from "node:crypto";
import { YardError } from "../errors.ts";

export type PublicKey = webcrypto.CryptoKey;

/** Both as PEM. */
export interface KeyedCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Milliseconds since 1970. */
export interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface CertificateWish extends Validity {
  readonly commonName: string;
  /** By what the holder is known besides: DNS names, addresses, URIs. */
  readonly names: readonly { readonly type: "dns" | "ip" | "url"; readonly value: string }[];
  /** Which end of TLS it is good for. One for a client passes for no server, and the other way round. */
  readonly usage: "client" | "server";
  readonly publicKey: PublicKey;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** Loaded where it is needed: it takes a tenth of a second and some megabytes, and mostly once a year. */
async function loadX509() {
  await import("reflect-metadata");
  return import("@peculiar/x509");
}

export function newKeyPair(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

export async function privateKeyPem({ privateKey }: webcrypto.CryptoKeyPair): Promise<string> {
  const { PemConverter } = await loadX509();
  return PemConverter.encode(await crypto.subtle.exportKey("pkcs8", privateKey), PemConverter.PrivateKeyTag);
}

/** One that vouches for certificates of holders, and for no further authority. */
export async function newAuthority(commonName: string, validity: Validity): Promise<KeyedCertificate> {
  const x509 = await loadX509();
  const keys = await newKeyPair();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [commonName] }],
    ...dates(validity),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: certificate.toString("pem"), key: await privateKeyPem(keys) };
}

/** @returns the certificate as PEM; whatever its future holder has wished for is not in it, unless it is in `wish` */
export async function issueCertificate(authority: KeyedCertificate, wish: CertificateWish): Promise<string> {
  const x509 = await loadX509();
  const { ExtendedKeyUsage } = x509;
  const issuer = new x509.X509Certificate(authority.cert);
  const signingKey = await importPrivateKey(authority.key);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [{ CN: [wish.commonName] }],
    issuer: issuer.subjectName.toJSON(),
    ...dates(wish),
    ...{ publicKey: wish.publicKey, signingKey, signingAlgorithm: algorithm },
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        wish.usage === "client" ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth,
      ]),
      new x509.SubjectAlternativeNameExtension([...wish.names]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return certificate.toString("pem");
}

/** A key of one's own, and what an authority is sent to have it certified (PKCS #10, PEM). */
export async function newCertificateRequest(commonName: string): Promise<{ request: string; key: string }> {
  const x509 = await loadX509();
  const keys = await newKeyPair();
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [commonName] }],
    keys,
    signingAlgorithm: algorithm,
  });
  return { request: request.toString("pem"), key: await privateKeyPem(keys) };
}

/** The key that a request is for, proved to be its sender's. Nothing else of it is believed: neither names nor rights that it asks for.
 *  @throws {YardError} invalid */
export async function keyOfRequest(pem: string, field: string): Promise<PublicKey> {
  const x509 = await loadX509();
  try {
    const request = new x509.Pkcs10CertificateRequest(pem);
    const key = await request.publicKey.export(algorithm, ["verify"]); // refuses other curves
    if (await request.verify()) return key;
  } catch {
    // Whatever it is, it is no such request.
  }
  throw new YardError("invalid", "is no certificate request (PKCS #10, PEM) that is signed with a key on P-256", {
    field,
  });
}

/** Hex SHA-256 of the DER. */
export function fingerprintOf(certificate: string | X509Certificate): string {
  const { fingerprint256 } = typeof certificate === "string" ? new X509Certificate(certificate) : certificate;
  return fingerprint256.replaceAll(":", "").toLowerCase();
}

async function importPrivateKey(pem: string): Promise<webcrypto.CryptoKey> {
  const { PemConverter } = await loadX509();
  return crypto.subtle.importKey("pkcs8", PemConverter.decodeFirst(pem), algorithm, false, ["sign"]);
}

function dates({ notBefore, notAfter }: Validity) {
  return { notBefore: new Date(notBefore), notAfter: new Date(notAfter) };
}
