import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect } from "../platform/db/testing.ts";
import { isYardError, type YardErrorCode } from "../platform/errors.ts";
import { openTestIdentity } from "./testing.ts";

const refused = (code: YardErrorCode) => (error: unknown) => isYardError(error, code);
const withinQuota = { withinQuota: true };

eachDialect("quotas", (open) => {
  test("a user makes eight teams, the personal one included, or as many as an administrator says", async () => {
    await using identity = await openTestIdentity(open());
    const { teams, quotas, users } = identity;
    const { id: userId } = await users.create({ username: "ada" });
    for (let i = 2; i <= 8; i++) await teams.create(`t${i}`, { userId }, withinQuota);
    await assert.rejects(teams.create("t9", { userId }, withinQuota), refused("forbidden"));
    assert.equal(await quotas.changeTeamQuota("ADA", { kind: "add", amount: 1 }), 9);
    await teams.create("t9", { userId }, withinQuota);
    assert.equal(await quotas.changeTeamQuota("ada", { kind: "add", amount: -100 }), 0);
    await assert.rejects(teams.create("t10", { userId }, withinQuota), refused("forbidden"));
    await teams.create("by-the-yard", { userId });
    assert.equal(await quotas.changeTeamQuota("ada", { kind: "set", amount: 11 }), 11);
    await assert.rejects(quotas.changeTeamQuota("bob", { kind: "set", amount: 1 }), refused("not_found"));
  });

  test("two who come at the same moment do not pass it together", async () => {
    await using identity = await openTestIdentity(open());
    const { id: userId } = await identity.users.create({ username: "ada" });
    await identity.quotas.changeTeamQuota("ada", { kind: "set", amount: 3 });
    const made = await Promise.allSettled(
      ["a", "b", "c", "d"].map((name) => identity.teams.create(name, { userId }, withinQuota)),
    );
    assert.equal(made.filter(({ status }) => status === "fulfilled").length, 2);
  });

  test("a team tells who made it, when, and what it may keep; that may be nothing", async () => {
    await using identity = await openTestIdentity(open());
    const { teams, quotas, users, clock } = identity;
    const { id: userId } = await users.create({ username: "ada" });
    const made = await teams.create("lab", { userId });
    const { createdBy, createdAt, updatedAt, storageQuotaBytes } = made;
    assert.deepEqual(
      { createdBy, createdAt, updatedAt, storageQuotaBytes },
      { createdBy: "ada", createdAt: clock.now(), updatedAt: clock.now(), storageQuotaBytes: 16_000_000_000 },
    );
    clock.advance(1_000);
    assert.equal(await quotas.changeStorageQuota("lab", { kind: "add", amount: -16_000_000_001 }), -1);
    const changed = await teams.get("lab");
    assert.deepEqual([changed.storageQuotaBytes, changed.updatedAt - createdAt], [-1, 1_000]);
    assert.equal(await quotas.changeStorageQuota("lab", { kind: "set", amount: Number.MAX_SAFE_INTEGER }), 2 ** 53 - 1);
    await assert.rejects(quotas.changeStorageQuota("lab", { kind: "add", amount: 1 }), refused("invalid"));
    await assert.rejects(quotas.changeStorageQuota("none", { kind: "add", amount: 1 }), refused("not_found"));
  });
});
