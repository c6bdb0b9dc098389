/** Which host a certificate is of, as it says itself. */
import type { X509Certificate } from "node:crypto";

const prefix = "urn:runyard:host:";

/** For the certificate's alternative names. */
export function asCertificateName(hostId: string): string {
  return prefix + hostId;
}

/** Whether it is for that host, and nothing else. */
export function isCertificateOf(hostId: string, { subjectAltName, ca }: X509Certificate): boolean {
  return !ca && subjectAltName === `URI:${asCertificateName(hostId)}`;
}
