/** How a machine becomes a host that shows a certificate, and keeps it good.
 *
 *  A token that an administrator has asked for is exchanged for a certificate, once. By enrolling, a machine takes the place of whichever was that host
 *  before: all that one had to show ends, and its connection is cut. */
import type { X509Certificate } from "node:crypto";
import type { Clock } from "../../platform/clock.ts";
import { keyOfRequest, newKeyPair, privateKeyPem } from "../../platform/crypto/certificates.ts";
import { newSecret, sha256Hex } from "../../platform/crypto/secrets.ts";
import type { Database } from "../../platform/db/database.ts";
import { YardError } from "../../platform/errors.ts";
import type { AgentFacts, HostRecord, Machine } from "../host-record.ts";
import type { HostRegistry } from "../registry.ts";
import { type AgentAuthority, certificateMs } from "./authority.ts";
import type { HostCertificates } from "./host-certificates.ts";

export interface CertificateEnrolment {
  /** A token in place of any that nobody has used. @throws {YardError} not_found; precondition, for a yard's own machine */
  invite(hostId: string): Promise<string>;
  /** Makes the caller's machine the host that the token is for.
   *  @param facts.request a certificate request (PEM); without one the key is made here
   *  @throws {YardError} unauthenticated; invalid (`csr`), which leaves the token as it was */
  enrol(token: string, facts: EnrolmentFacts): Promise<Enrolled>;
  /** The next certificate of the agent that shows this one. @throws {YardError} unauthenticated, forbidden, invalid (`csr`) */
  renew(shown: X509Certificate, request: string): Promise<Renewed>;
}

export interface EnrolmentFacts extends AgentFacts, Pick<Machine, "arch"> {
  readonly address?: string;
  readonly request?: string;
}

export interface Renewed {
  readonly hostId: string;
  readonly hostName: string;
  /** PEM. */
  readonly certificate: string;
}

/** PEM. */
export interface Enrolled {
  readonly host: HostRecord;
  readonly certificate: string;
  /** Absent, if the machine has made its own. */
  readonly key?: string;
  readonly authority: string;
}

export interface CertificateEnrolmentParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly registry: HostRegistry;
  readonly authority: AgentAuthority;
  readonly certificates: HostCertificates;
  /** Something about it has changed. */
  changed(hostId: string): Promise<void>;
}

export const invitationMs = 15 * 60_000;
const longestToken = 128;

export function createCertificateEnrolment(parts: CertificateEnrolmentParts): CertificateEnrolment {
  const { database, clock, registry, authority, certificates } = parts;

  /** Used up by being shown: also where the enrolment then fails. */
  async function takeToken(token: string): Promise<string> {
    if (token.length > longestToken) throw badToken();
    const taken = await database.kysely
      .deleteFrom("host_registrations")
      .where("hash", "=", sha256Hex(token))
      .where("purpose", "=", "certificate")
      .returning(["host_id", "expires_at"])
      .executeTakeFirst();
    if (!taken || taken.expires_at <= clock.now()) throw badToken();
    return taken.host_id;
  }

  /** All that another machine had to show for this host. It is away until it connects. */
  async function succeed(hostId: string, certificate: string): Promise<void> {
    const now = clock.now();
    await database.transaction(async (trx) => {
      await trx.deleteFrom("host_refresh_tokens").where("host_id", "=", hostId).execute();
      await certificates.revoke(hostId, trx);
      await certificates.add({ hostId, certificate, expiresAt: now + certificateMs }, trx);
      await trx
        .updateTable("hosts")
        .set((host) => ({ status: "unreachable", token_epoch: host("token_epoch", "+", 1), updated_at: now }))
        .where("id", "=", hostId)
        .execute();
    });
  }

  return {
    async invite(hostId) {
      const host = await registry.get(hostId);
      if (host.isLocal)
        throw new YardError("precondition", `${host.name} is a yard's own machine: no agent has to join for it.`);
      const token = newSecret();
      const now = clock.now();
      await database.transaction(async (trx) => {
        await trx
          .deleteFrom("host_registrations")
          .where((row) => row.or([row("expires_at", "<", now), row("host_id", "=", hostId)]))
          .execute();
        await trx
          .insertInto("host_registrations")
          .values({
            ...{ hash: sha256Hex(token), host_id: hostId, purpose: "certificate" },
            ...{ created_at: now, expires_at: now + invitationMs },
          })
          .execute();
      });
      return token;
    },

    async enrol(token, { request, ...facts }) {
      const keys = request === undefined ? await newKeyPair() : { publicKey: await keyOfRequest(request, "csr") };
      const hostId = await takeToken(token);
      const certificate = await authority.certifyHost(hostId, keys.publicKey);
      await succeed(hostId, certificate);
      await registry.describe(hostId, facts);
      await parts.changed(hostId);
      return {
        host: await registry.get(hostId),
        certificate,
        ...("privateKey" in keys && { key: await privateKeyPem(keys) }),
        authority: await authority.certificate(),
      };
    },

    async renew(shown, request) {
      const holder = await certificates.identify(shown);
      if (holder.kind !== "good") throw badCertificate(holder.kind);
      const { hostId, hostName } = holder;
      const certificate = await authority.certifyHost(hostId, await keyOfRequest(request, "csr"));
      const isRenewed = await certificates.renew(shown, {
        hostId,
        certificate,
        expiresAt: clock.now() + certificateMs,
      });
      if (!isRenewed) throw badCertificate("revoked");
      return { hostId, hostName, certificate };
    },
  };
}

/** Why somebody who shows such a certificate is not let in. */
export function badCertificate(kind: "unknown" | "revoked" | "removed"): YardError {
  switch (kind) {
    case "unknown":
      return new YardError("unauthenticated", "The certificate is of no host of this yard, or no longer.");
    case "revoked":
      return new YardError("forbidden", "The certificate was revoked: another has taken its place.");
    case "removed":
      return new YardError("forbidden", "The host that the certificate is of was removed.");
  }
}

function badToken(): YardError {
  return new YardError(
    "unauthenticated",
    "The enrolment token is not valid, or no longer: it is good once, and for a quarter of an hour. Ask for a new one.",
  );
}
