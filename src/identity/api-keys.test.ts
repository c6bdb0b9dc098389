import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect } from "../platform/db/testing.ts";
import { isYardError } from "../platform/errors.ts";
import { mayDo } from "./principal.ts";
import { openTestIdentity, testPassword } from "./testing.ts";

const isRefused = (error: unknown) => isYardError(error, "unauthenticated");

eachDialect("API keys", (open) => {
  test("a key stands for its owner, is shown once and stored as a hash", async () => {
    await using identity = await openTestIdentity(open());
    const { id: userId } = await identity.users.create({ username: "ada", password: testPassword, roles: ["view"] });
    const { key, apiKey } = await identity.apiKeys.create({ userId, name: "ci" });
    assert.match(key, /^ry_[A-Za-z0-9_-]{43}$/);
    const principal = await identity.authenticator.authenticate(key);
    assert.deepEqual(
      [principal.username, principal.credential],
      ["ada", { kind: "apiKey", keyId: apiKey.id, number: apiKey.number, name: apiKey.name }],
    );
    const listed = await identity.apiKeys.list(userId);
    assert.deepEqual([listed[0]?.name, listed[0]?.prefix, listed.length], ["ci", key.slice(0, 10), 1]);
    const rows = await identity.database.kysely.selectFrom("api_keys").selectAll().execute();
    assert.ok(!JSON.stringify([rows, listed]).includes(key.slice(12)));
  });

  test("a key narrows what its owner may do, and never widens it, at the moment of use", async () => {
    await using identity = await openTestIdentity(open());
    const { id: userId } = await identity.users.create({ username: "ada", password: testPassword, roles: ["view"] });
    const { key } = await identity.apiKeys.create({
      userId,
      name: "wide",
      permissions: ["apps.view", "apps.run", "users.write"],
    });
    const granted = async () => [...(await identity.authenticator.authenticate(key)).permissions].sort();
    assert.deepEqual(await granted(), ["apps.view"]);
    await identity.users.update("ada", { roles: ["shell"] });
    assert.deepEqual(await granted(), ["apps.run"]);
    await identity.users.update("ada", { roles: ["admin"] });
    const principal = await identity.authenticator.authenticate(key);
    assert.deepEqual(await granted(), ["apps.run", "apps.view", "users.write"]);
    assert.ok(!principal.isAdmin && !mayDo(principal, "apps.delete"));
  });

  test("a key without a list, or with *, may do all that its owner may", async () => {
    await using identity = await openTestIdentity(open());
    const { id: root } = await identity.users.create({ username: "root", roles: ["admin"] });
    const { id: ada } = await identity.users.create({ username: "ada", roles: ["shell"] });
    for (const permissions of [undefined, ["*"]]) {
      const { key: roots } = await identity.apiKeys.create({ userId: root, name: "k", permissions });
      const { key: adas } = await identity.apiKeys.create({ userId: ada, name: "k", permissions });
      assert.ok((await identity.authenticator.authenticate(roots)).isAdmin);
      const principal = await identity.authenticator.authenticate(adas);
      assert.ok(!principal.isAdmin && mayDo(principal, "apps.run") && !mayDo(principal, "users.write"));
    }
  });

  test("a key ends when it is revoked, at its time, and with its owner, remembered or not", async () => {
    await using identity = await openTestIdentity(open());
    const { id: userId } = await identity.users.create({ username: "ada", password: testPassword });
    const make = (expiresAt?: number) => identity.apiKeys.create({ userId, name: "ci", expiresAt });
    const [revoked, expiring, owned] = [await make(), await make(identity.clock.now() + 1_000), await make()];
    for (const { key } of [revoked, expiring, owned]) await identity.authenticator.authenticate(key);
    await identity.apiKeys.revoke(revoked.apiKey.id);
    await assert.rejects(identity.authenticator.authenticate(revoked.key), isRefused);
    await assert.rejects(identity.apiKeys.revoke(revoked.apiKey.id), (error) => isYardError(error, "not_found"));
    identity.clock.advance(1_000);
    await assert.rejects(identity.authenticator.authenticate(expiring.key), isRefused);
    await identity.authenticator.authenticate(owned.key);
    await identity.users.lock("ada");
    await assert.rejects(identity.authenticator.authenticate(owned.key), isRefused);
    await identity.users.unlock("ada");
    await identity.authenticator.authenticate(owned.key);
    await identity.users.delete("ada");
    await assert.rejects(identity.authenticator.authenticate(owned.key), isRefused);
  });

  test("a key with a role grants what both the role and its owner do, and nothing once the role is gone", async () => {
    await using identity = await openTestIdentity(open());
    const { apiKeys, authenticator, roles, users } = identity;
    const { id: userId } = await users.create({ username: "ada", password: testPassword, roles: ["admin"] });
    await roles.set("small", ["apps.view", "apps.run"]);
    const { key } = await apiKeys.create({ userId, name: "ci", roleName: "small" });
    const granted = async () => [...(await authenticator.authenticate(key)).permissions].sort();
    assert.deepEqual(await granted(), ["apps.run", "apps.view"]);
    assert.equal((await authenticator.authenticate(key)).isAdmin, false);
    await users.create({ username: "root", roles: ["admin"] });
    await users.update("ada", { roles: ["view"] });
    assert.deepEqual(await granted(), ["apps.view"]);
    const by = await identity.principal("ada");
    await assert.rejects(apiKeys.create({ userId, name: "wide", roleName: "admin" }, { by }), { code: "forbidden" });
    await roles.delete("small");
    assert.deepEqual(await granted(), []);
  });

  test("keys have numbers that are given once, and are listed with what became of them", async () => {
    await using identity = await openTestIdentity(open());
    const { apiKeys, authenticator, users } = identity;
    const { id: userId } = await users.create({ username: "ada" });
    const { id: other } = await users.create({ username: "bob" });
    const first = await apiKeys.create({ userId, name: "first" });
    const second = await apiKeys.create({ userId: other, name: "second" });
    await authenticator.authenticate(first.key, { remoteAddress: "192.0.2.1" });
    await apiKeys.revoke(first.apiKey.id);
    const [listed] = await apiKeys.listNumbered({ userId });
    assert.deepEqual(
      [listed?.number, listed?.lastUsedAddress, listed?.revokedAt],
      [first.apiKey.number, "192.0.2.1", identity.clock.now()],
    );
    assert.deepEqual(
      (await apiKeys.listNumbered()).map(({ name }) => name),
      ["second", "first"],
    );
    await users.delete("bob");
    await assert.rejects(apiKeys.getNumbered(second.apiKey.number), { code: "not_found" });
    assert.ok((await apiKeys.create({ userId, name: "third" })).apiKey.number > second.apiKey.number);
  });

  test("when a key was last used is written at most once a minute", async () => {
    await using identity = await openTestIdentity(open());
    const { id: userId } = await identity.users.create({ username: "ada" });
    const { key } = await identity.apiKeys.create({ userId, name: "ci" });
    const lastUsed = async () => (await identity.apiKeys.list(userId))[0]?.lastUsedAt;
    assert.equal(await lastUsed(), null);
    const start = identity.clock.now();
    for (const { wait, seen } of [
      { wait: 0, seen: 0 },
      { wait: 59_000, seen: 0 },
      { wait: 2_000, seen: 61_000 },
    ]) {
      identity.clock.advance(wait);
      await identity.authenticator.authenticate(key);
      assert.equal(await lastUsed(), start + seen);
    }
  });

  test("a key for nobody, without sense or beyond the limit is refused", async () => {
    await using identity = await openTestIdentity(open());
    const { id: userId } = await identity.users.create({ username: "ada" });
    await assert.rejects(identity.apiKeys.create({ userId: "user_0", name: "ci" }), (error) =>
      isYardError(error, "not_found"),
    );
    const bad = identity.apiKeys.create({ userId, name: "ci", permissions: ["apps view"] });
    await assert.rejects(bad, (error) => isYardError(error, "invalid") && error.field === "permissions");
    await assert.rejects(identity.apiKeys.create({ userId, name: "x".repeat(1_025) }), (error) =>
      isYardError(error, "invalid"),
    );
  });
});
