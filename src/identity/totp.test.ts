import assert from "node:assert/strict";
import { test } from "node:test";
import * as OTPAuth from "otpauth";
import { eachDialect } from "../platform/db/testing.ts";
import { isYardError } from "../platform/errors.ts";
import { openTestIdentity, type TestIdentity, testPassword } from "./testing.ts";

const code = (expected: Parameters<typeof isYardError>[1]) => (error: unknown) => isYardError(error, expected);
const options = { api: "test" };
const step = 30_000;

/** A user with TOTP on, and the app that makes the codes. */
async function enroll(identity: TestIdentity): Promise<{ userId: string; codeNow: (offset?: number) => string }> {
  const { id: userId } = await identity.users.create({ username: "ada", password: testPassword });
  const { secret, uri } = await identity.totp.begin(userId);
  assert.match(secret, /^[A-Z2-7]{32}$/);
  const parsed = OTPAuth.URI.parse(uri);
  assert.ok(parsed instanceof OTPAuth.TOTP);
  assert.deepEqual([parsed.label, parsed.issuer, parsed.secret.base32], ["ada", "Runyard", secret]);
  const codeNow = (offset = 0) => parsed.generate({ timestamp: identity.clock.now() + offset });
  await identity.totp.enable(userId, codeNow());
  identity.clock.advance(step);
  return { userId, codeNow };
}

async function challenge(identity: TestIdentity): Promise<string> {
  const result = await identity.sessions.login({ username: "ada", password: testPassword }, options);
  assert.equal(result.kind, "totp");
  return result.kind === "totp" ? result.challenge : "";
}

eachDialect("TOTP", (open) => {
  test("a code in the login makes a session; one step early or late is forgiven, two are not", async () => {
    await using identity = await openTestIdentity(open());
    const { codeNow } = await enroll(identity);
    for (const { offset, good } of [
      { offset: -2 * step, good: false },
      { offset: 0, good: true },
      { offset: step, good: true },
      { offset: 2 * step, good: false },
    ]) {
      const login = identity.sessions.login(
        { username: "ada", password: testPassword, totpCode: codeNow(offset) },
        options,
      );
      if (good) assert.equal((await login).kind, "session");
      else await assert.rejects(login, code("unauthenticated"));
    }
    identity.clock.advance(4 * step);
    const late = identity.sessions.login(
      { username: "ada", password: testPassword, totpCode: codeNow(-step) },
      options,
    );
    assert.equal((await late).kind, "session");
  });

  test("a code is good once, also for two who send it at the same moment on two replicas", async () => {
    await using identity = await openTestIdentity(open());
    const { codeNow } = await enroll(identity);
    const other = await identity.replica();
    const credentials = { username: "ada", password: testPassword, totpCode: codeNow() };
    const outcomes = await Promise.allSettled(
      [identity, other].map((replica) => replica.sessions.login(credentials, options)),
    );
    assert.deepEqual(outcomes.map((outcome) => outcome.status).sort(), ["fulfilled", "rejected"]);
    await assert.rejects(identity.sessions.login(credentials, options), code("unauthenticated"));
  });

  test("the code that switched TOTP on is good for one login: whoever logs in next sees the same one", async () => {
    await using identity = await openTestIdentity(open());
    const { codeNow } = await enroll(identity);
    const credentials = { username: "ada", password: testPassword, totpCode: codeNow(-step) };
    assert.equal((await identity.sessions.login(credentials, options)).kind, "session");
    await assert.rejects(identity.sessions.login(credentials, options), code("unauthenticated"));
  });

  test("another user's TOTP is switched off by an administrator, or by the yard itself", async () => {
    await using identity = await openTestIdentity(open());
    const { userId } = await enroll(identity);
    await identity.users.create({ username: "eve", password: testPassword, roles: ["usermgr"] });
    await identity.users.create({ username: "admin", password: testPassword, roles: ["admin"] });
    const [eve, admin] = [await identity.principal("eve"), await identity.principal("admin")];
    await assert.rejects(identity.totp.disable(userId, { by: eve }), code("forbidden"));
    assert.equal((await identity.users.getById(userId)).totpEnabled, true);
    await identity.totp.disable(userId, { by: admin });
    assert.equal((await identity.users.getById(userId)).totpEnabled, false);
    const { id } = await identity.users.get("eve");
    await identity.totp.disable(id, { by: eve });
  });

  test("without a code a challenge comes back, which a code completes once", async () => {
    await using identity = await openTestIdentity(open());
    const { codeNow } = await enroll(identity);
    const asked = await challenge(identity);
    await assert.rejects(
      identity.authenticator.authenticate(asked),
      code("unauthenticated"),
      "a challenge opens nothing",
    );
    await assert.rejects(
      identity.sessions.completeTotp({ username: "ada", challenge: asked, code: "000000" }),
      code("unauthenticated"),
    );
    await assert.rejects(
      identity.sessions.completeTotp({ username: "eve", challenge: asked, code: codeNow() }),
      code("unauthenticated"),
    );
    const issued = await identity.sessions.completeTotp(
      { username: "ada", challenge: asked, code: codeNow() },
      { lifetimeMs: 60_000 },
    );
    assert.equal(issued.expiresAt - issued.issuedAt, 60_000);
    assert.equal((await identity.authenticator.authenticate(issued.token)).username, "ada");
    identity.clock.advance(step);
    await assert.rejects(
      identity.sessions.completeTotp({ username: "ada", challenge: asked, code: codeNow() }),
      code("unauthenticated"),
    );
  });

  test("a challenge ends after 180 seconds, at the next login, and with the password", async () => {
    await using identity = await openTestIdentity(open());
    const { codeNow } = await enroll(identity);
    const complete = (asked: string) =>
      identity.sessions.completeTotp({ username: "ada", challenge: asked, code: codeNow() });
    const old = await challenge(identity);
    const replaced = await challenge(identity);
    await assert.rejects(complete(old), code("unauthenticated"));
    await identity.users.setPassword("ada", testPassword);
    await assert.rejects(complete(replaced), code("unauthenticated"));
    const late = await challenge(identity);
    identity.clock.advance(180_000);
    await assert.rejects(complete(late), code("unauthenticated"));
    await complete(await challenge(identity));
  });

  test("wrong codes lock the account, and a right password between them does not reset the count", async () => {
    await using identity = await openTestIdentity(open());
    const { codeNow } = await enroll(identity);
    for (let tries = 0; tries < 5; tries++) {
      const asked = await challenge(identity);
      await assert.rejects(
        identity.sessions.completeTotp({ username: "ada", challenge: asked, code: "12345x" }),
        code("unauthenticated"),
      );
    }
    await assert.rejects(challenge(identity), code("locked"));
    const login = identity.sessions.login({ username: "ada", password: testPassword, totpCode: codeNow() }, options);
    await assert.rejects(login, code("locked"));
  });

  test("the challenge keeps what its login asked for, refresh tokens too", async () => {
    await using identity = await openTestIdentity(open());
    const { codeNow } = await enroll(identity);
    const result = await identity.sessions.login(
      { username: "ada", password: testPassword },
      { ...options, audience: "elsewhere", refresh: true },
    );
    assert.ok(result.kind === "totp");
    const issued = await identity.sessions.completeTotp({
      username: "ada",
      challenge: result.challenge,
      code: codeNow(),
    });
    assert.equal(issued.audience, "elsewhere");
    assert.match(issued.refreshToken ?? "", /^ryr_/);
  });

  test("enabling needs a secret and its code; a new secret switches the old one off; disabling forgets it", async () => {
    await using identity = await openTestIdentity(open());
    const { id } = await identity.users.create({ username: "bob", password: testPassword });
    await assert.rejects(identity.totp.enable(id, "123456"), code("precondition"));
    await identity.totp.begin(id);
    await assert.rejects(identity.totp.enable(id, "not a code"), code("unauthenticated"));
    const { userId } = await enroll(identity);
    assert.equal((await identity.users.getById(userId)).totpEnabled, true);
    await identity.totp.begin(userId);
    const { totpEnabled, hasTotpSecret } = await identity.users.getById(userId);
    assert.deepEqual([totpEnabled, hasTotpSecret], [false, true]);
    await identity.totp.disable(userId);
    assert.equal((await identity.users.getById(userId)).hasTotpSecret, false);
    await identity.token("ada");
  });

  test("the secret rests encrypted, and a copy in another user's row opens nothing", async () => {
    await using identity = await openTestIdentity(open());
    const { userId, codeNow } = await enroll(identity);
    const db = identity.database.kysely;
    const { totp_secret } = await db.selectFrom("users").selectAll().where("id", "=", userId).executeTakeFirstOrThrow();
    assert.match(totp_secret ?? "", /^v1\./);
    const { id } = await identity.users.create({ username: "eve", password: testPassword });
    await db.updateTable("users").set({ totp_secret, totp_enabled: 1 }).where("id", "=", id).execute();
    const login = identity.sessions.login({ username: "eve", password: testPassword, totpCode: codeNow() }, options);
    await assert.rejects(login, code("internal"));
  });
});
