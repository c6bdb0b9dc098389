import assert from "node:assert/strict";
import { test } from "node:test";
import * as OTPAuth from "otpauth";
import { eachDialect } from "../platform/db/testing.ts";
import { isYardError } from "../platform/errors.ts";
import { openTestIdentity, type TestIdentity, testPassword } from "./testing.ts";

const refused = (error: unknown) => isYardError(error, "unauthenticated");

/** A user with TOTP on. */
async function enrol(identity: TestIdentity, username: string): Promise<{ id: string; codes: readonly string[] }> {
  const { id } = await identity.users.create({ username, password: testPassword });
  return { id, codes: await codesOf(identity, id) };
}

async function codesOf(identity: TestIdentity, userId: string): Promise<readonly string[]> {
  const { secret } = await identity.totp.begin(userId);
  const totp = new OTPAuth.TOTP({ secret: OTPAuth.Secret.fromBase32(secret) });
  const { recoveryCodes } = await identity.totp.enable(userId, totp.generate({ timestamp: identity.clock.now() }));
  return recoveryCodes;
}

const logIn = ({ sessions }: Pick<TestIdentity, "sessions">, username: string, totpCode = "") =>
  sessions.login({ username, password: testPassword, totpCode }, { api: "test" });

eachDialect("recovery codes", (open) => {
  test("there are ten, each logs its own user in once, also where two replicas are shown it at once", async () => {
    await using identity = await openTestIdentity(open());
    const other = await identity.replica();
    const { codes } = await enrol(identity, "ada");
    await enrol(identity, "bob");
    assert.equal(new Set(codes).size, 10);
    await assert.rejects(logIn(identity, "bob", codes[0]), refused);
    const outcomes = await Promise.allSettled([identity, other].map((replica) => logIn(replica, "ada", codes[0])));
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    assert.equal((await logIn(identity, "ada", codes[1]?.toUpperCase())).kind, "session");
    const stored = JSON.stringify(await identity.database.kysely.selectFrom("recovery_codes").selectAll().execute());
    assert.ok(!codes.some((code) => stored.includes(code)));
  });

  test("one completes a challenge too; wrong ones count as tries", async () => {
    await using identity = await openTestIdentity(open());
    const { codes } = await enrol(identity, "ada");
    const login = await identity.sessions.login({ username: "ada", password: testPassword }, { api: "test" });
    assert.ok(login.kind === "totp");
    const answer = (code = "") => identity.sessions.completeTotp({ challenge: login.challenge, code });
    await assert.rejects(answer("aaaa-aaaa-aaaa"), refused);
    assert.ok((await answer(codes[9])).token);
    for (let attempt = 0; attempt < 5; attempt++)
      await assert.rejects(logIn(identity, "ada", "aaaa-aaaa-aaaa"), refused);
    await assert.rejects(logIn(identity, "ada", codes[8]), { code: "locked" });
  });

  test("they end with the second step, and new ones take their place", async () => {
    await using identity = await openTestIdentity(open());
    const { id, codes } = await enrol(identity, "ada");
    await identity.totp.disable(id);
    assert.equal((await identity.database.kysely.selectFrom("recovery_codes").selectAll().execute()).length, 0);
    const fresh = await codesOf(identity, id);
    await assert.rejects(logIn(identity, "ada", codes[0]), refused);
    assert.equal((await logIn(identity, "ada", fresh[0])).kind, "session");
  });
});
