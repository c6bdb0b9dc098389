import assert from "node:assert/strict";
import { argon2Sync } from "node:crypto";
import { test } from "node:test";
import { createPasswordHasher, recommendedCosts } from "./passwords.ts";

const cheap = { memoryKiB: 8, passes: 1, parallelism: 1 };

test("a password holds against its own hash and no other does", async () => {
  const hasher = createPasswordHasher(cheap);
  const stored = await hasher.hash("correct horse");
  assert.equal(await hasher.verify("correct horse", stored), true);
  assert.equal(await hasher.verify("correct horsf", stored), false);
  assert.equal(await hasher.verify("", stored), false);
  assert.notEqual(await hasher.hash("correct horse"), stored, "each hash has a salt of its own");
});

test("hashes are PHC strings with the recommended costs, and hold what argon2id computes", async () => {
  const stored = await createPasswordHasher().hash("pässword");
  const [, , version, costs, salt, hash] = stored.split("$");
  assert.deepEqual([version, costs], ["v=19", "m=19456,t=2,p=1"]);
  const { memoryKiB: memory, passes, parallelism } = recommendedCosts;
  const nonce = Buffer.from(salt ?? "", "base64");
  const expected = argon2Sync("argon2id", { message: "pässword", nonce, memory, passes, parallelism, tagLength: 32 });
  assert.deepEqual(Buffer.from(hash ?? "", "base64"), expected);
});

test("a password is the same however its accents are typed", async () => {
  const hasher = createPasswordHasher(cheap);
  assert.equal(await hasher.verify("e\u0301te\u0301", await hasher.hash("\u00e9t\u00e9")), true);
});

test("hashes of other costs still hold, and are told to be outdated", async () => {
  const stored = await createPasswordHasher({ ...cheap, passes: 2 }).hash("secret");
  const hasher = createPasswordHasher(cheap);
  assert.equal(await hasher.verify("secret", stored), true);
  assert.equal(hasher.isOutdated(stored), true);
  assert.equal(hasher.isOutdated(await hasher.hash("secret")), false);
});

for (const stored of [
  null,
  "",
  "secret",
  "$argon2id$v=19$m=8,t=1,p=1$$",
  "$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo",
]) {
  test(`nothing holds against the stored hash ${JSON.stringify(stored)}`, async () => {
    assert.equal(await createPasswordHasher(cheap).verify("secret", stored), false);
  });
}

test("an unknown user costs the same time as a wrong password", async () => {
  const hasher = createPasswordHasher();
  const stored = await hasher.hash("secret");
  const times: Record<"known" | "unknown", number[]> = { known: [], unknown: [] };
  for (let round = 0; round < 12; round++) {
    for (const [kind, hash] of [["known", stored] as const, ["unknown", null] as const]) {
      const before = process.cpuUsage();
      await hasher.verify("wrong", hash);
      const { user } = process.cpuUsage(before);
      times[kind].push(user);
    }
  }
  // The least processor time of each, so that the machine's other work counts little. The bounds are wide, yet a hash that was skipped (near 0) or
  // made with other costs (half, double) lies outside.
  const ratio = Math.min(...times.unknown) / Math.min(...times.known);
  assert.ok(ratio > 0.6 && ratio < 1.6, `the ratio of their times is ${ratio}`);
});

test("hashing leaves the event loop free", async () => {
  const hasher = createPasswordHasher();
  let turns = 0;
  const hashing = Promise.all([hasher.hash("one"), hasher.hash("two")]).then(() => "done");
  while ((await Promise.race([hashing, new Promise((resolve) => setImmediate(resolve, "turn"))])) === "turn") turns++;
  assert.ok(turns > 3, `the event loop turned ${turns} times`);
});
