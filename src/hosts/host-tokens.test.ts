import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { systemClock } from "../platform/clock.ts";
import { newSigningKey, signingKeysFrom } from "../platform/crypto/signing-keys.ts";
import { createHostTokens } from "./host-tokens.ts";

const keys = await signingKeysFrom(newSigningKey(), "the test's key");
const tokens = createHostTokens({ keys, clock: systemClock });
const good = await tokens.sign({ id: "host_1", tokenEpoch: 3 });
const [header = "", payload = "", signature = ""] = good.split(".");
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const decode = (text: string): Record<string, unknown> => JSON.parse(Buffer.from(text, "base64url").toString());

test("a host's token says which host it is, and that it is one", async () => {
  assert.deepEqual(await tokens.verify(good), { hostId: "host_1", tokenEpoch: 3 });
  assert.equal(decode(payload).typ, "host");
});

const hmacInput = `${encode({ ...decode(header), alg: "HS256" })}.${payload}`;
const hmacKey = keys.publicKey.export({ type: "spki", format: "pem" });

for (const { what, token } of [
  { what: "without a signature", token: `${encode({ alg: "none", typ: "host+jwt" })}.${payload}.` },
  {
    what: "signed with the public key as a secret",
    token: `${hmacInput}.${createHmac("sha256", hmacKey).update(hmacInput).digest("base64url")}`,
  },
  { what: "for another host", token: `${header}.${encode({ ...decode(payload), sub: "host_2" })}.${signature}` },
  { what: "of another type", token: `${encode({ ...decode(header), typ: "at+jwt" })}.${payload}.${signature}` },
  { what: "that is none", token: "token" },
  { what: "that is endless", token: "a".repeat(1_000_000) },
]) {
  test(`a token ${what} is refused`, async () => {
    await assert.rejects(tokens.verify(token), { code: "unauthenticated" });
  });
}

test("a token of another yard is refused", async () => {
  const others = createHostTokens({ keys: await signingKeysFrom(newSigningKey(), "another key"), clock: systemClock });
  await assert.rejects(tokens.verify(await others.sign({ id: "host_1", tokenEpoch: 3 })), { code: "unauthenticated" });
});
