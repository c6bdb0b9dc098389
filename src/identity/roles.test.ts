import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect } from "../platform/db/testing.ts";
import { isYardError, type YardErrorCode } from "../platform/errors.ts";
import { builtinRoles } from "./permissions.ts";
import { openTestIdentity } from "./testing.ts";

const refused = (code: YardErrorCode) => (error: unknown) => isYardError(error, code);

eachDialect("roles", (open) => {
  test("a new yard has the built-in roles, and keeps what was made of them when it starts again", async () => {
    await using identity = await openTestIdentity(open());
    const roles = await identity.roles.all();
    assert.deepEqual([...roles.keys()], Object.keys(builtinRoles).sort());
    assert.deepEqual(roles.get("shell"), [...(builtinRoles.shell ?? [])].sort());
    await identity.roles.set("shell", ["apps.run", "a-permission", "apps.run"]);
    await identity.roles.delete("usermgr");
    const again = await (await identity.replica()).roles.all();
    assert.deepEqual(again.get("shell"), ["a-permission", "apps.run"]);
    assert.equal(again.has("usermgr"), false);
  });

  test("a role is made once, and changed where there is one; it may be shown as something else", async () => {
    await using identity = await openTestIdentity(open());
    const { roles } = identity;
    const role = { name: "ops", displayName: "Operations", permissions: [] };
    await assert.rejects(roles.change(role), refused("not_found"));
    await roles.create(role);
    await assert.rejects(roles.create(role), refused("conflict"));
    await roles.change({ ...role, permissions: ["apps.run"] });
    await roles.set("ops", ["apps.view"]);
    const listed = await roles.list();
    assert.deepEqual(
      listed.find(({ name }) => name === "ops"),
      { ...role, permissions: ["apps.view"] },
    );
    assert.equal(listed.find(({ name }) => name === "operator")?.displayName, "Operator");
  });

  test("an empty list deletes; what does not exist can't be deleted", async () => {
    await using identity = await openTestIdentity(open());
    await identity.roles.set("ops", ["apps.run"]);
    await identity.roles.set("ops", []);
    assert.equal((await identity.roles.all()).has("ops"), false);
    await assert.rejects(identity.roles.delete("ops"), refused("not_found"));
  });

  test("the role admin can be neither changed nor deleted", async () => {
    await using identity = await openTestIdentity(open());
    for (const change of [
      () => identity.roles.set("admin", ["apps.view"]),
      () => identity.roles.set("admin", []),
      () => identity.roles.delete("admin"),
    ]) {
      await assert.rejects(change(), refused("precondition"));
    }
    assert.deepEqual((await identity.roles.all()).get("admin"), ["*"]);
  });

  test("another role that grants everything is kept while only its holders are administrators", async () => {
    await using identity = await openTestIdentity(open());
    await identity.roles.set("root", ["*"]);
    await identity.users.create({ username: "ada", roles: ["root"] });
    await assert.rejects(identity.roles.delete("root"), refused("precondition"));
    await assert.rejects(identity.roles.set("root", ["apps.view"]), refused("precondition"));
    await identity.users.update("ada", { roles: ["root", "admin"] });
    await identity.roles.delete("root");
  });

  for (const name of ["", "a/b", "a\nb", " a", "x".repeat(65)]) {
    test(`no role is called ${JSON.stringify(name)}`, async () => {
      await using identity = await openTestIdentity(open());
      await assert.rejects(identity.roles.set(name, ["apps.view"]), refused("invalid"));
    });
  }
});
