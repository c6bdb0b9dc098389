import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect } from "../platform/db/testing.ts";
import { isYardError } from "../platform/errors.ts";
import type { PolicyChanges } from "./account-policy.ts";
import { openTestIdentity, testPassword } from "./testing.ts";

const invalid = (field: string) => (error: unknown) => isYardError(error, "invalid") && error.field === field;

eachDialect("the policy for accounts", (open) => {
  test("asks for more than is enforced until somebody sets it; then it holds on every replica at once", async () => {
    await using identity = await openTestIdentity(open());
    const other = await identity.replica();
    assert.equal((await identity.policy.get()).passwords.minLength, 8);
    await identity.users.create({ username: "six", password: "123456" });
    const changed = await identity.policy.change({ passwords: { minLength: 10, requireUpper: true } });
    assert.deepEqual(changed, await other.policy.get());
    assert.deepEqual([changed.passwords.minLength, changed.passwords.requireUpper], [10, true]);
    await assert.rejects(other.users.create({ username: "bob", password: "Upper6" }), invalid("password"));
    await assert.rejects(other.users.setPassword("six", "no upper case"), invalid("password"));
    await other.users.setPassword("six", "Upper Case");
    // Who got in before still gets in.
    await identity.policy.change({ passwords: { minLength: 20 } });
    await identity.token("six", "Upper Case");
    assert.equal((await identity.policy.get()).passwords.requireUpper, true, "what is left out stays");
  });

  test("each rule names what a password lacks", async () => {
    await using identity = await openTestIdentity(open());
    await identity.users.create({ username: "ada", password: testPassword });
    for (const { rule, lacks, good, says } of [
      { rule: "requireUpper", lacks: "éa1-----", good: "Éa1-----", says: /upper-case/ },
      { rule: "requireLower", lacks: "ÉA1-----", good: "éA1-----", says: /lower-case/ },
      { rule: "requireDigit", lacks: "abcdefgh", good: "abcdefg7", says: /digit/ },
      { rule: "requireSymbol", lacks: "abcdefg7", good: "abcdef 7", says: /neither letter nor digit/ },
    ] as const) {
      const off = { requireUpper: false, requireLower: false, requireDigit: false, requireSymbol: false };
      await identity.policy.change({ passwords: { ...off, [rule]: true } });
      await assert.rejects(identity.users.setPassword("ada", lacks), { message: says });
      await identity.users.setPassword("ada", good);
    }
  });

  test("sets the lockout, and switches it off", async () => {
    await using identity = await openTestIdentity(open());
    await identity.users.create({ username: "ada", password: testPassword });
    await identity.policy.change({ lockout: { tries: 2, lockMs: 5_000 } });
    const wrong = () => identity.token("ada", "wrong password");
    for (let attempt = 0; attempt < 2; attempt++) await assert.rejects(wrong(), { code: "unauthenticated" });
    await assert.rejects(wrong(), { code: "locked", retryAfterMs: 5_000, message: /5 more seconds/ });
    await identity.policy.change({ lockout: { tries: 0 } });
    for (let attempt = 0; attempt < 3; attempt++) await assert.rejects(wrong(), { code: "unauthenticated" });
    await identity.token("ada");
    await identity.policy.change({ lockout: { tries: 1, lockMs: 0 } });
    for (let attempt = 0; attempt < 3; attempt++) await assert.rejects(wrong(), { code: "unauthenticated" });
  });

  test("what is out of range is refused and changes nothing", async () => {
    await using identity = await openTestIdentity(open());
    const before = await identity.policy.get();
    const wrong: readonly [PolicyChanges, string][] = [
      [{ passwords: { minLength: 0 } }, "minLength"],
      [{ passwords: { minLength: 257 } }, "minLength"],
      [{ rotationDays: -1 }, "rotationDays"],
      [{ lockout: { tries: -1 } }, "tries"],
      [{ lockout: { lockMs: -1 }, rotationDays: 3 }, "lockMs"],
    ];
    for (const [change, field] of wrong) await assert.rejects(identity.policy.change(change), invalid(field));
    assert.deepEqual(await identity.policy.get(), before);
  });
});
