import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect } from "../platform/db/testing.ts";
import { isYardError } from "../platform/errors.ts";
import { ensureFirstAdmin } from "./first-start.ts";
import { openTestIdentity, testPassword } from "./testing.ts";

eachDialect("the first start", (open) => {
  test("makes an administrator with the given password, once", async () => {
    await using identity = await openTestIdentity(open());
    assert.deepEqual(await ensureFirstAdmin(identity, { password: testPassword }), {
      username: "admin",
      generatedPassword: null,
    });
    const principal = await identity.authenticator.authenticate((await identity.token("admin")).token);
    assert.ok(principal.isAdmin);
    assert.equal(await ensureFirstAdmin(identity, { password: "another password" }), undefined);
    await identity.token("admin");
  });

  test("without a password makes a random one, which is told once", async () => {
    await using identity = await openTestIdentity(open());
    const first = await ensureFirstAdmin(identity);
    assert.match(first?.generatedPassword ?? "", /^[\w-]{24}$/);
    await identity.token("admin", first?.generatedPassword ?? "");
    assert.equal(await ensureFirstAdmin(identity), undefined);
  });

  test("of two that start at once one makes the administrator, and only that one tells its password", async () => {
    await using identity = await openTestIdentity(open());
    const starting = [identity, await identity.replica(), await identity.replica()];
    const made = await Promise.all(
      starting.map(({ users }) => ensureFirstAdmin({ database: identity.database, users })),
    );
    const [winner, ...others] = made.filter((one) => one !== undefined);
    assert.equal(others.length, 0);
    await identity.token("admin", winner?.generatedPassword ?? "");
  });

  test("refuses a password that is too short, and makes nobody", async () => {
    await using identity = await openTestIdentity(open());
    await assert.rejects(ensureFirstAdmin(identity, { password: "12345" }), (error) => isYardError(error, "invalid"));
    assert.deepEqual(await identity.users.list(), []);
  });

  test("makes nobody where there was ever a user", async () => {
    await using identity = await openTestIdentity(open());
    await identity.users.create({ username: "ada" });
    await identity.users.delete("ada");
    assert.equal(await ensureFirstAdmin(identity), undefined);
  });
});
