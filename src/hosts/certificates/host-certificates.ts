/** The certificates by which agents show which host they are.
 *
 *  | state | leaves it when | to |
 *  | --- | --- | --- |
 *  | good | its host's agent connects with a newer one, or is enrolled again | revoked |
 *  | good, revoked | its host is removed | of nobody |
 *  | any | its year is over | forgotten; TLS refuses it by itself |
 *
 *  A renewed certificate ends the one before it only by being used: an agent that never got it goes on with the old one. */
import type { X509Certificate } from "node:crypto";
import type { Kysely } from "kysely";
import type { Clock } from "../../platform/clock.ts";
import { fingerprintOf } from "../../platform/crypto/certificates.ts";
import type { Database } from "../../platform/db/database.ts";
import type { Schema } from "../../platform/db/schema.ts";
import { isCertificateOf } from "./host-name.ts";

export type Identified =
  | { readonly kind: "good"; readonly hostId: string; readonly hostName: string }
  /** Another took its place. */
  | { readonly kind: "revoked" }
  /** Its host was removed. */
  | { readonly kind: "removed" }
  | { readonly kind: "unknown" };

export interface HostCertificates {
  /** From now on that one is good, too. */
  add(certificate: IssuedCertificate, db?: Kysely<Schema>): Promise<void>;
  /** Likewise, in place of any that `shown` was to be renewed with before. @returns false, if `shown` is good no longer */
  renew(shown: X509Certificate, certificate: IssuedCertificate): Promise<boolean>;
  /** All of a host. */
  revoke(hostId: string, db?: Kysely<Schema>): Promise<void>;
  /** Whose it is. That our authority has signed it is the caller's to know: TLS has checked it. */
  identify(certificate: X509Certificate): Promise<Identified>;
  /** Its host's agent uses it: those before it are over. */
  settle(certificate: X509Certificate): Promise<void>;
  /** Of each of these hosts that has one, the newest that is good. */
  fingerprints(hostIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

export interface IssuedCertificate {
  readonly hostId: string;
  /** PEM. */
  readonly certificate: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export function createHostCertificates({ database, clock }: { database: Database; clock: Clock }): HostCertificates {
  const add: HostCertificates["add"] = async ({ hostId, certificate, expiresAt }, db = database.kysely) => {
    const now = clock.now();
    const fingerprint = fingerprintOf(certificate);
    await db
      .insertInto("host_certificates")
      .values({ fingerprint, host_id: hostId, created_at: now, expires_at: expiresAt, revoked_at: null })
      .execute();
    await db.deleteFrom("host_certificates").where("expires_at", "<", now).execute();
  };

  return {
    add,

    /** One transaction with the look at the old one: a host that is enrolled again meanwhile must not be left with a second certificate. */
    renew: (shown, certificate) =>
      database.transaction(async (trx) => {
        const before = await trx
          .selectFrom("host_certificates")
          .select("created_at")
          .where("fingerprint", "=", fingerprintOf(shown))
          .where("revoked_at", "is", null)
          .executeTakeFirst();
        if (!before) return false;
        await trx
          .deleteFrom("host_certificates")
          .where("host_id", "=", certificate.hostId)
          .where("created_at", ">", before.created_at)
          .execute();
        await add(certificate, trx);
        return true;
      }),

    async revoke(hostId, db = database.kysely) {
      await db
        .updateTable("host_certificates")
        .set({ revoked_at: clock.now() })
        .where("host_id", "=", hostId)
        .where("revoked_at", "is", null)
        .execute();
    },

    async identify(certificate) {
      const known = await database.kysely
        .selectFrom("host_certificates as certificate")
        .leftJoin("hosts as host", "host.id", "certificate.host_id")
        .select(["certificate.host_id as hostId", "certificate.expires_at as expiresAt"])
        .select(["certificate.revoked_at as revokedAt", "host.name as hostName"])
        .where("certificate.fingerprint", "=", fingerprintOf(certificate))
        .executeTakeFirst();
      if (!known || known.expiresAt <= clock.now() || !isCertificateOf(known.hostId, certificate))
        return { kind: "unknown" };
      const { hostId, hostName, revokedAt } = known;
      if (hostName === null) return { kind: "removed" };
      return revokedAt === null ? { kind: "good", hostId, hostName } : { kind: "revoked" };
    },

    async settle(certificate) {
      const used = await database.kysely
        .selectFrom("host_certificates")
        .select(["host_id", "created_at"])
        .where("fingerprint", "=", fingerprintOf(certificate))
        .executeTakeFirst();
      if (!used) return;
      await database.kysely
        .updateTable("host_certificates")
        .set({ revoked_at: clock.now() })
        .where("host_id", "=", used.host_id)
        .where("created_at", "<", used.created_at)
        .where("revoked_at", "is", null)
        .execute();
    },

    async fingerprints(hostIds) {
      if (hostIds.length === 0) return new Map();
      const rows = await database.kysely
        .selectFrom("host_certificates")
        .select(["host_id", "fingerprint"])
        .where("host_id", "in", hostIds)
        .where("revoked_at", "is", null)
        .orderBy("created_at")
        .execute();
      return new Map(rows.map((row) => [row.host_id, row.fingerprint]));
    },
  };
}
