import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { TOTP } from "otpauth";
import { eachDialect } from "../platform/db/testing.ts";
import { isYardError, type YardErrorCode } from "../platform/errors.ts";
import type { IssueOptions } from "./identity.ts";
import { openTestIdentity, type TestIdentity, testPassword } from "./testing.ts";

const refused = (code: YardErrorCode) => (error: unknown) => isYardError(error, code);
const md5 = (text: string) => createHash("md5").update(text).digest("hex");
const digest = md5(testPassword);

async function login(
  { sessions }: TestIdentity,
  secret: string = digest,
  options: Partial<IssueOptions> & { totpCode?: string } = {},
): Promise<string> {
  const { totpCode, ...rest } = options;
  const result = await sessions.login({ username: "ada", digest: secret, totpCode }, { api: "queue", ...rest });
  assert.ok(result.kind === "session");
  return result.issued.token;
}

const isGood = ({ authenticator }: TestIdentity, token: string) =>
  authenticator.authenticate(token).then(
    () => true,
    () => false,
  );

eachDialect("users who are known by the MD5 of their password", (open) => {
  test("log in by it, and by the password once they show it, until either is changed", async () => {
    await using identity = await openTestIdentity(open());
    await identity.users.create({ username: "ada", digest: digest.toUpperCase() });
    await login(identity);
    await identity.token("ada");
    await login(identity);
    await identity.users.setDigest("ada", md5("another password"));
    await assert.rejects(login(identity), refused("unauthenticated"));
    await assert.rejects(identity.token("ada"), refused("unauthenticated"));
    await identity.token("ada", "another password");
    for (const wrong of ["", "abc", `${digest}0`, testPassword])
      await assert.rejects(identity.users.setDigest("ada", wrong), refused("invalid"));
    await assert.rejects(identity.users.create({ username: "bob", digest: "short" }), refused("invalid"));
  });

  test("lose every session with a new one, but the one that is kept", async () => {
    await using identity = await openTestIdentity(open());
    await identity.users.create({ username: "ada", digest });
    const [kept, other] = [await login(identity), await login(identity)];
    const { credential } = await identity.authenticator.authenticate(kept);
    assert.ok(credential.kind === "token");
    await identity.users.setDigest("ada", md5("new"), { keepSessionId: credential.sessionId });
    assert.deepEqual([await isGood(identity, kept), await isGood(identity, other)], [true, false]);
    await identity.users.setDigest("ada", digest);
    assert.equal(await isGood(identity, kept), false);
  });

  test("end their earlier logins through the same API where they ask for it, and no others", async () => {
    await using identity = await openTestIdentity(open());
    await identity.users.create({ username: "ada", digest });
    const [first, elsewhere] = [await login(identity), await login(identity, digest, { api: "other" })];
    const second = await login(identity);
    const last = await login(identity, digest, { endsOthers: true });
    assert.deepEqual(await Promise.all([first, second, elsewhere, last].map((token) => isGood(identity, token))), [
      ...[false, false],
      ...[true, true],
    ]);
  });

  test("need their code with the login, where that has one step; no challenge is left behind", async () => {
    await using identity = await openTestIdentity(open());
    const { id } = await identity.users.create({ username: "ada", digest });
    const { secret } = await identity.totp.begin(id);
    const code = () => new TOTP({ secret }).generate({ timestamp: identity.clock.now() });
    await identity.totp.enable(id, code());
    const inOneStep = { inOneStep: true };
    await assert.rejects(login(identity, digest, inOneStep), refused("forbidden"));
    await assert.rejects(login(identity, md5("wrong"), inOneStep), refused("unauthenticated"));
    await assert.rejects(login(identity, digest, { ...inOneStep, totpCode: "000000" }), refused("unauthenticated"));
    assert.deepEqual(await identity.database.kysely.selectFrom("login_challenges").selectAll().execute(), []);
    identity.clock.advance(30_000);
    await login(identity, digest, { ...inOneStep, totpCode: code() });
  });

  test("are told that they are locked only if the digest is right", async () => {
    await using identity = await openTestIdentity(open());
    await identity.users.create({ username: "ada", digest });
    await identity.users.lock("ada");
    await assert.rejects(login(identity), refused("forbidden"));
    await assert.rejects(login(identity, md5("wrong")), refused("unauthenticated"));
    await identity.users.unlock("ada");
    await login(identity);
  });
});

eachDialect("retired users", (open) => {
  test("are locked, keep name and teams, and come back when they are unlocked", async () => {
    await using identity = await openTestIdentity(open());
    await identity.users.create({ username: "ada", digest, teams: ["lab"] });
    const token = await login(identity);
    assert.equal(await identity.authenticator.isOfLockedUser(token), false);
    const retired = await identity.users.update("ada", { retired: true });
    assert.deepEqual([retired.state, retired.isRetired, retired.teams], ["locked", true, ["ada", "lab"]]);
    assert.equal(await isGood(identity, token), false);
    assert.equal(await identity.authenticator.isOfLockedUser(token), true);
    assert.equal(await identity.authenticator.isOfLockedUser("nonsense"), false);
    await assert.rejects(identity.users.create({ username: "ada" }), refused("conflict"));
    for (const back of [await identity.users.lock("ada"), await identity.users.unlock("ada")])
      assert.equal(back.isRetired, false);
    await login(identity);
  });
});
