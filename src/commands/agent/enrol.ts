/** An agent that shows a certificate: it is enrolled once, by a token, with a key that never leaves this machine. */
import { arch, hostname, platform } from "node:os";
import { enrolAgent } from "../../client/agent-enrolment.ts";
import type { YardOfHost } from "../../client/host-enrolment.ts";
import { newCertificateRequest } from "../../platform/crypto/certificates.ts";
import { sha256Hex } from "../../platform/crypto/secrets.ts";
import { openEngine } from "../../platform/docker/engine.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import { packageVersion } from "../../version.ts";
import type { CertificateFile, Enrolment } from "./certificate-file.ts";

export interface EnrolmentParts {
  readonly yard: YardOfHost;
  readonly file: CertificateFile;
  /** As it is known to the file. */
  readonly known: Enrolment | undefined;
  readonly token: string | undefined;
  readonly dockerSockets: readonly string[];
  readonly log: (message: string) => void;
}

/** Tokens of hosts that show no certificate look different. */
const tokenForm = /^[\w-]{43}$/;

/** @returns undefined, for a machine that has neither a certificate nor a token for one
 *  @throws {YardError} unauthenticated, unavailable */
export async function enrolOnce(parts: EnrolmentParts): Promise<Enrolment | undefined> {
  const { yard, known, token, log } = parts;
  const isForCertificate = token !== undefined && tokenForm.test(token);
  if (!isForCertificate || known?.tokenHash === sha256Hex(token)) return known;
  try {
    const enrolment = await enrol(token, parts);
    log(`Enrolled at ${yard.url} as ${enrolment.holder.hostId}.`);
    return enrolment;
  } catch (error) {
    if (!isYardError(error, "unauthenticated")) throw error;
    if (known === undefined) {
      const message = `${yard.url} does not take the enrolment token: it is good once, and for a quarter of an hour.`;
      throw new YardError(error.code, message, { cause: error });
    }
    log(`${yard.url} does not take the enrolment token; the certificate of ${known.holder.hostId} stays in use.`);
    return known;
  }
}

async function enrol(token: string, { yard, file, dockerSockets }: EnrolmentParts): Promise<Enrolment> {
  const { request, key } = await newCertificateRequest(hostname());
  const facts = { hostname: hostname(), os: platform(), arch: arch(), version: packageVersion() };
  const dockerVersion = await versionOfDocker(dockerSockets);
  const granted = await enrolAgent(yard, token, { ...facts, docker_version: dockerVersion, request });
  const enrolment = { yard, holder: { ...granted, key }, tokenHash: sha256Hex(token) };
  await file.save(enrolment);
  return enrolment;
}

async function versionOfDocker(socketPaths: readonly string[]): Promise<string | undefined> {
  await using engine = openEngine({ socketPaths });
  try {
    return (await engine.version()).Version;
  } catch {
    return undefined; // there may be none, or only later
  }
}
