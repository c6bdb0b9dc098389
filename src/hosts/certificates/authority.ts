/** The authority that vouches for the yard and its agents to one another: made when it is first needed, the same one on all replicas. Its key lies in
 *  the database, sealed with the master key. */
import { X509Certificate } from "node:crypto";
import { Type } from "typebox";
import { Value } from "typebox/value";
import type { Clock } from "../../platform/clock.ts";
import {
  type CertificateWish,
  issueCertificate,
  type KeyedCertificate,
  newAuthority,
  newKeyPair,
  type PublicKey,
  privateKeyPem,
} from "../../platform/crypto/certificates.ts";
import type { SecretBox } from "../../platform/crypto/secret-box.ts";
import type { StoredSettings } from "../../platform/db/stored-settings.ts";
import { asCertificateName } from "./host-name.ts";

export interface AgentAuthority {
  /** PEM: what agents trust, and nothing else. */
  certificate(): Promise<string>;
  /** For the machine that has that key, so that it is that host. */
  certifyHost(hostId: string, publicKey: PublicKey): Promise<string>;
  /** For this yard, under these names and addresses. */
  certifyYard(names: readonly CertificateWish["names"][number][]): Promise<KeyedCertificate>;
  /** Tells which certificates are its own. */
  issued(): Promise<(certificate: X509Certificate) => boolean>;
}

export interface AuthorityParts {
  readonly settings: StoredSettings;
  readonly secrets: SecretBox;
  readonly clock: Clock;
}

const dayMs = 86_400_000;
const authorityMs = 3_650 * dayMs;
export const certificateMs = 365 * dayMs;
/** For clocks that are behind. */
const leewayMs = dayMs;
/** Of the row in `settings`, and where the sealed key belongs. */
const storedKey = "hosts.authority";

const Stored = Type.Object({ cert: Type.String(), sealedKey: Type.String() });

export function createAuthority({ settings, secrets, clock }: AuthorityParts): AgentAuthority {
  let opened: Promise<KeyedCertificate> | undefined;

  /** Of replicas that start at once the first one's stays. */
  async function open(): Promise<KeyedCertificate> {
    if ((await settings.read(storedKey)) === undefined) {
      const { cert, key } = await newAuthority("Runyard agents", validFor(authorityMs));
      await settings.change(storedKey, (before) => before ?? { cert, sealedKey: secrets.seal(key, storedKey) });
    }
    const { cert, sealedKey } = Value.Parse(Stored, await settings.read(storedKey));
    return { cert, key: secrets.open(sealedKey, storedKey) };
  }

  /** What failed once, such as a database that was away, is tried again. */
  async function authority(): Promise<KeyedCertificate> {
    opened ??= open();
    try {
      return await opened;
    } catch (error) {
      opened = undefined;
      throw error;
    }
  }

  function validFor(lifetimeMs: number) {
    const now = clock.now();
    return { notBefore: now - leewayMs, notAfter: now + lifetimeMs };
  }

  return {
    certificate: async () => (await authority()).cert,
    certifyHost: async (hostId, publicKey) =>
      issueCertificate(await authority(), {
        ...{ commonName: hostId, names: [{ type: "url", value: asCertificateName(hostId) }] },
        ...{ usage: "client", publicKey, ...validFor(certificateMs) },
      }),
    async certifyYard(names) {
      const keys = await newKeyPair();
      const cert = await issueCertificate(await authority(), {
        ...{ commonName: "Runyard", names, usage: "server", publicKey: keys.publicKey },
        ...validFor(certificateMs),
      });
      return { cert, key: await privateKeyPem(keys) };
    },
    async issued() {
      const { publicKey } = new X509Certificate((await authority()).cert);
      return (certificate) => certificate.verify(publicKey);
    },
  };
}
