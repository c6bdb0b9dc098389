import assert from "node:assert/strict";
import { test } from "node:test";
import type { Database } from "../platform/db/database.ts";
import { eachDialect } from "../platform/db/testing.ts";
import { builtinRoles, permissions } from "./permissions.ts";
import { openTestIdentity, type TestIdentity } from "./testing.ts";

const knownKey = "identity.known-permissions";
const mayBe = ["scripts.", "snapshots.", "tasks.", "workers.", "blobs.", "teams."];
const isNewer = (permission: string) => mayBe.some((prefix) => permission.startsWith(prefix));
const older = permissions.filter((permission) => !isNewer(permission));

/** Makes the yard look as a version before would have left it. `known`: undefined for one that did not keep the set. */
async function age({ database, roles }: TestIdentity, known: readonly string[] | undefined): Promise<void> {
  for (const [name, granted] of Object.entries(builtinRoles)) {
    const had = granted.filter((permission) => permission !== "*" && (known ?? older).includes(permission));
    if (name !== "admin") await roles.set(name, had);
  }
  await forget(database);
  if (known === undefined) return;
  const row = { key: knownKey, value: JSON.stringify(known), updated_at: 1 };
  await database.kysely.insertInto("settings").values(row).execute();
}

async function forget(database: Database): Promise<void> {
  await database.kysely.deleteFrom("settings").where("key", "=", knownKey).execute();
}

const sorted = (granted: readonly string[] = []) => [...granted].sort();

eachDialect("the built-in roles of an older yard", (open) => {
  for (const [kind, known] of [
    ["that did not keep what it knew", undefined],
    ["that kept what it knew", permissions.slice(0, permissions.indexOf("channels.view"))],
  ] as const)
    test(`one ${kind} gets the permissions that are new, and tells the audit log`, async () => {
      await using identity = await openTestIdentity(open());
      await age(identity, known);
      const roles = await (await identity.replica()).roles.all();
      assert.deepEqual(roles.get("view"), sorted(builtinRoles.view));
      assert.deepEqual(roles.get("shell"), sorted(builtinRoles.shell));
      assert.deepEqual(roles.get("admin"), ["*"]);
      const entries = await identity.database.kysely
        .selectFrom("audit_entries")
        .select(["target", "action"])
        .where("action", "=", "role.extend")
        .orderBy("target")
        .execute();
      assert.ok(entries.some(({ target }) => target === "shell"));
    });

  test("what an administrator takes away afterwards stays away, whatever starts again", async () => {
    await using identity = await openTestIdentity(open());
    await age(identity, undefined);
    const upgraded = await identity.replica();
    await upgraded.roles.set("shell", ["apps.run"]);
    await upgraded.roles.delete("usermgr");
    const again = await (await identity.replica()).roles.all();
    assert.deepEqual(again.get("shell"), ["apps.run"]);
    assert.equal(again.has("usermgr"), false);
  });

  test("of a yard that did not keep what it knew, nothing is given back that some role still names", async () => {
    await using identity = await openTestIdentity(open());
    await identity.roles.set("writers", ["scripts.run"]);
    await identity.roles.set("shell", ["apps.run"]);
    await forget(identity.database);
    const shell = (await (await identity.replica()).roles.all()).get("shell");
    assert.equal(shell?.includes("scripts.run"), false);
  });

  test("only built-in roles that still exist get something, and keep what they were given besides", async () => {
    await using identity = await openTestIdentity(open());
    await age(identity, undefined);
    await identity.roles.set("shell", ["apps.run", "a-permission"]);
    await identity.roles.set("ops", ["apps.run"]);
    await identity.roles.delete("view");
    const roles = await (await identity.replica()).roles.all();
    assert.ok(["a-permission", "tasks.submit"].every((permission) => roles.get("shell")?.includes(permission)));
    assert.deepEqual(roles.get("ops"), ["apps.run"]);
    assert.equal(roles.has("view"), false);
  });

  test("an older version in between takes nothing away, and nothing is added twice", async () => {
    await using identity = await openTestIdentity(open());
    const future = [...permissions, "later.thing"];
    await age(identity, future);
    await identity.roles.set("shell", ["apps.run"]);
    const roles = await (await identity.replica()).roles.all();
    assert.deepEqual(roles.get("shell"), ["apps.run"]);
    const { value } = await identity.database.kysely
      .selectFrom("settings")
      .select("value")
      .where("key", "=", knownKey)
      .executeTakeFirstOrThrow();
    assert.deepEqual(JSON.parse(value), future);
  });

  test("a role that is new in a version is made once, and one that somebody made by that name stays as it is", async () => {
    await using identity = await openTestIdentity(open());
    await age(identity, permissions.slice(0, permissions.indexOf("containers.view")));
    await identity.roles.delete("operator").catch(() => {});
    await identity.roles.set("viewer", ["apps.view"]);
    await identity.database.kysely.deleteFrom("settings").where("key", "=", "identity.known-roles").execute();
    const upgraded = await identity.replica();
    const roles = await upgraded.roles.all();
    assert.deepEqual(roles.get("operator"), sorted(builtinRoles.operator));
    assert.deepEqual(roles.get("viewer"), ["apps.view"]);
    await upgraded.roles.delete("operator");
    assert.equal((await (await identity.replica()).roles.all()).has("operator"), false);
  });

  test("of several processes that start at once one adds them", async () => {
    await using identity = await openTestIdentity(open());
    await age(identity, undefined);
    await Promise.all([identity.replica(), identity.replica(), identity.replica()]);
    const entries = await identity.database.kysely
      .selectFrom("audit_entries")
      .select("target")
      .where("action", "=", "role.extend")
      .execute();
    const targets = entries.map(({ target }) => target);
    assert.equal(new Set(targets).size, targets.length);
  });
});
