/** Certificates for our listeners: from files that the operator keeps, or self-signed. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { errnoOf, YardError } from "../errors.ts";

export interface TlsMaterial {
  /** PEM, the chain with our own first. */
  readonly cert: string;
  readonly key: string;
  /** PEM. With one, whoever connects has to show a certificate of this authority's. */
  readonly clientAuthority?: string;
}

export interface TlsSource {
  /** What is valid now; called again from time to time while we listen.
   *  @throws {YardError} invalid, with the file at fault */
  load(): Promise<TlsMaterial>;
}

export function tlsFromFiles(paths: { cert: string; key: string }): TlsSource {
  return {
    async load() {
      const [cert, key] = await Promise.all([readPem(paths.cert, "tls-cert"), readPem(paths.key, "tls-key")]);
      checkPair({ cert, key }, paths);
      return { cert, key };
    },
  };
}

async function readPem(path: string, field: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new YardError("invalid", `cannot read ${path} (${errnoOf(error) ?? "unknown reason"}).`, {
      field,
      cause: error,
    });
  }
}

/** Whether both can be read and belong to one another. */
export function holdsTogether({ cert, key }: TlsMaterial): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

function checkPair({ cert, key }: TlsMaterial, paths: { cert: string; key: string }): void {
  const certificate = parse(() => new X509Certificate(cert), `${paths.cert} holds no PEM certificate.`, "tls-cert");
  const privateKey = parse(
    () => createPrivateKey(key),
    `${paths.key} holds no PEM private key without a passphrase.`,
    "tls-key",
  );
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new YardError("invalid", `the key in ${paths.key} does not belong to the certificate in ${paths.cert}.`, {
      field: "tls-key",
    });
  }
}

function parse<T>(read: () => T, complaint: string, field: string): T {
  try {
    return read();
  } catch (error) {
    throw new YardError("invalid", complaint, { field, cause: error });
  }
}
