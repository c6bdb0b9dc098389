import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";
import { SignJWT } from "jose";
import { openSigningKeys } from "../platform/crypto/signing-keys.ts";
import { isYardError } from "../platform/errors.ts";
import { temporaryDirectory } from "../platform/testing/temporary-directory.ts";
import { createTestClock } from "./testing.ts";
import { createTokens } from "./tokens.ts";

using directory = temporaryDirectory();
const keys = await openSigningKeys(`${directory.path}/keys`);
const clock = createTestClock();
const tokens = createTokens({ keys, issuer: "Runyard", clock });

const seconds = Math.floor(clock.now() / 1_000);
const header = { alg: "EdDSA", typ: "at+jwt", kid: keys.keyId };
const claims = {
  ...{ iss: "Runyard", sub: "user_1", name: "ada", sid: "ses_1", aud: "runyard", jti: "tok_1" },
  ...{ epoch: 0, roles: ["view"], iat: seconds, exp: seconds + 60 },
};

/** A token put together by hand, as a forger would. */
function forge(head: unknown, payload: unknown, privateKey = keys.privateKey): string {
  const part = (value: unknown) =>
    Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
  const input = `${part(head)}.${part(payload)}`;
  return `${input}.${sign(null, Buffer.from(input), privateKey).toString("base64url")}`;
}

const stranger = generateKeyPairSync("ed25519");
const jwk = stranger.publicKey.export({ format: "jwk" });
const publicPem = Buffer.from(keys.publicKey.export({ type: "spki", format: "pem" }));
const [good = "", body = "", signature = ""] = forge(header, claims).split(".");

const forgeries: Record<string, string | Promise<string>> = {
  "is empty": "",
  "is no JWT": "abc",
  "has two parts": `${good}.${body}`,
  "has an empty signature": `${good}.${body}.`,
  "has an altered payload": `${good}.${Buffer.from(JSON.stringify({ ...claims, sub: "user_2" })).toString("base64url")}.${signature}`,
  "has an altered signature": `${good}.${body}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`,
  "has the algorithm none": forge({ ...header, alg: "none" }, claims),
  "has the algorithm none and no signature": `${Buffer.from('{"alg":"none"}').toString("base64url")}.${body}.`,
  "is signed by HMAC with the public key": new SignJWT(claims)
    .setProtectedHeader({ ...header, alg: "HS256" })
    .sign(publicPem),
  "names the algorithm Ed25519ph": forge({ ...header, alg: "Ed25519ph" }, claims),
  "is signed by a stranger's key": forge(header, claims, stranger.privateKey),
  "brings its own key (jwk)": forge({ ...header, jwk }, claims, stranger.privateKey),
  "points to a key (jku)": forge({ ...header, jku: "https://203.0.113.1/keys" }, claims, stranger.privateKey),
  "points to a certificate (x5u)": forge({ ...header, x5u: "https://203.0.113.1/cert" }, claims, stranger.privateKey),
  "names a key by a path": forge({ ...header, kid: "../../dev/null" }, claims),
  "names a key by SQL": forge({ ...header, kid: "' or 1=1 --" }, claims),
  "names no key": forge({ alg: "EdDSA", typ: "at+jwt" }, claims),
  "asks for an extension that nobody knows (crit)": forge({ ...header, crit: ["x"], x: 1 }, claims),
  "is of another type": forge({ ...header, typ: "JWT" }, claims),
  "says no type": forge({ alg: "EdDSA", kid: keys.keyId }, claims),
  "says its algorithm twice": forge(`{"alg":"EdDSA","alg":"none","typ":"at+jwt","kid":"${keys.keyId}"}`, claims),
  "says its subject twice": `${good}.${Buffer.from(JSON.stringify(claims).replace("{", '{"sub":"user_2",')).toString("base64url")}.${signature}`,
  "has expired": forge(header, { ...claims, exp: seconds }),
  "never expires": forge(header, { ...claims, exp: undefined }),
  "is not valid yet": forge(header, { ...claims, nbf: seconds + 60 }),
  "is of another issuer": forge(header, { ...claims, iss: "elsewhere" }),
  "is of no issuer": forge(header, { ...claims, iss: undefined }),
  "has several audiences": forge(header, { ...claims, aud: ["runyard", "elsewhere"] }),
  "has no session": forge(header, { ...claims, sid: undefined }),
  "has an epoch of text": forge(header, { ...claims, epoch: "0" }),
  "holds no object": forge(header, "[]"),
  "is as long as a novel": forge(header, { ...claims, name: "x".repeat(100_000) }),
};

test("a token that was put together by hand but rightly is accepted, so the forgeries below fail for their own fault", async () => {
  assert.equal((await tokens.verify(forge(header, claims))).sub, "user_1");
});

for (const [fault, forged] of Object.entries(forgeries)) {
  test(`a token that ${fault} is refused, with the one answer for all`, async () => {
    const message = "The token is not valid, or no longer. Log in again.";
    const token = await forged;
    await assert.rejects(
      tokens.verify(token),
      (error) => isYardError(error, "unauthenticated") && error.message === message && error.cause === undefined,
    );
  });
}

test("a signed token says what was asked, and no two are the same", async () => {
  const request = {
    ...{ userId: "user_1", username: "ada", sessionId: "ses_1", audience: "runyard", epoch: 3, roles: ["view"] },
    ...{ issuedAt: clock.now(), expiresAt: clock.now() + 1_500 },
  };
  const verified = await tokens.verify(await tokens.sign(request));
  const { sub, name, sid, aud, epoch, roles, iat, exp } = verified;
  assert.deepEqual(
    { sub, name, sid, aud, epoch, roles },
    { sub: "user_1", name: "ada", sid: "ses_1", aud: "runyard", epoch: 3, roles: ["view"] },
  );
  assert.deepEqual([iat, exp], [seconds, seconds + 2]);
  assert.notEqual(await tokens.sign(request), await tokens.sign(request));
});
