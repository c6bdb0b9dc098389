import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { newCertificateRequest } from "../../platform/crypto/certificates.ts";
import { createSecretBox } from "../../platform/crypto/secret-box.ts";
import { createStoredSettings } from "../../platform/db/stored-settings.ts";
import { eachDialect } from "../../platform/db/testing.ts";
import { openTestEnrolment } from "../test-enrolment.ts";
import { createAuthority } from "./authority.ts";
import { createCertificateEnrolment, invitationMs } from "./certificate-enrolment.ts";
import { createHostCertificates } from "./host-certificates.ts";

const dayMs = 86_400_000;
const secrets = createSecretBox(new Uint8Array(32));

eachDialect("certificates of hosts", (openDatabase) => {
  async function open() {
    const hosts = await openTestEnrolment(openDatabase());
    const { database, clock, registry } = hosts;
    const certificates = createHostCertificates({ database, clock });
    const authorityOf = () => createAuthority({ settings: createStoredSettings({ database, clock }), secrets, clock });
    const authority = authorityOf();
    const parts = { database, clock, registry, authority, certificates, changed: async () => {} };
    const enrolment = createCertificateEnrolment(parts);
    const enrol = async () => {
      const { certificate } = await enrolment.enrol(await enrolment.invite((await hosts.add()).id), {});
      return new X509Certificate(certificate);
    };
    const kindOf = async (certificate: X509Certificate) => (await certificates.identify(certificate)).kind;
    return {
      ...{ hosts, clock, certificates, authorityOf, enrolment, enrol, kindOf },
      [Symbol.asyncDispose]: () => hosts[Symbol.asyncDispose](),
    };
  }

  test("replicas have one authority, whose key does not lie open in the database", async () => {
    await using yard = await open();
    const [one, other] = await Promise.all([yard.authorityOf().certificate(), yard.authorityOf().certificate()]);
    assert.equal(one, other);
    const rows = await yard.hosts.database.kysely.selectFrom("settings").selectAll().execute();
    assert.ok(rows.length > 0 && !rows.some(({ value }) => value.includes("PRIVATE KEY")));
  });

  test("a token is good for a quarter of an hour", async () => {
    await using yard = await open();
    const token = await yard.enrolment.invite((await yard.hosts.add()).id);
    yard.clock.advance(invitationMs);
    await assert.rejects(yard.enrolment.enrol(token, {}), { code: "unauthenticated" });
  });

  test("a certificate is good for a year, unless its host is removed", async () => {
    await using yard = await open();
    const [one, other] = [await yard.enrol(), await yard.enrol()];
    yard.clock.advance(364 * dayMs);
    assert.equal(await yard.kindOf(one), "good");
    const holder = await yard.certificates.identify(other);
    assert.ok(holder.kind === "good");
    await yard.hosts.registry.remove(holder.hostId);
    assert.equal(await yard.kindOf(other), "removed");
    yard.clock.advance(dayMs);
    assert.equal(await yard.kindOf(one), "unknown");
  });

  test("a renewed certificate ends the one before by being used, and one that was never used is forgotten", async () => {
    await using yard = await open();
    const old = await yard.enrol();
    const renew = async (shown: X509Certificate) => {
      yard.clock.advance(1_000);
      const { request } = await newCertificateRequest("any");
      return new X509Certificate((await yard.enrolment.renew(shown, request)).certificate);
    };
    const lost = await renew(old);
    const next = await renew(old);
    assert.deepEqual(
      [await yard.kindOf(old), await yard.kindOf(lost), await yard.kindOf(next)],
      ["good", "unknown", "good"],
    );
    await yard.certificates.settle(next);
    assert.deepEqual([await yard.kindOf(old), await yard.kindOf(next)], ["revoked", "good"]);
    await assert.rejects(renew(old), { code: "forbidden" });
  });

  test("enrolling ends all that the machine before had to show, tokens too", async () => {
    await using yard = await open();
    const { host, token, refreshToken } = await yard.hosts.join();
    const first = await yard.enrolment.enrol(await yard.enrolment.invite(host.id), {});
    await assert.rejects(yard.hosts.enrolment.authenticate(token), { code: "unauthenticated" });
    await assert.rejects(yard.hosts.enrolment.refresh(refreshToken), { code: "unauthenticated" });
    await yard.enrolment.enrol(await yard.enrolment.invite(host.id), {});
    assert.equal(await yard.kindOf(new X509Certificate(first.certificate)), "revoked");
  });
});
