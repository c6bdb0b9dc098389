import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect } from "../platform/db/testing.ts";
import { isYardError } from "../platform/errors.ts";
import { builtinRoles } from "./permissions.ts";
import { narrow } from "./principals.ts";
import { openTestIdentity, testPassword } from "./testing.ts";

/** A yard with a manager of users who is no administrator, in the team office, with an OS user of its own. */
async function openYard(open: Parameters<Parameters<typeof eachDialect>[1]>[0]) {
  const identity = await openTestIdentity(open());
  const { users } = identity;
  await users.create({ username: "chief", password: testPassword, roles: ["admin"] });
  await users.create({ username: "owner", teams: ["office", "lab"] });
  const roles = ["usermgr", "view"];
  await users.create({ username: "keeper", password: testPassword, roles, teams: ["office"], execUser: "nobody" });
  await users.create({ username: "worker", password: testPassword, roles: ["shell", "later"], teams: ["lab"] });
  return { identity, users, roles: identity.roles, keeper: await identity.principal("keeper") };
}

const forbidden = (field?: string) => (error: unknown) => isYardError(error, "forbidden") && error.field === field;

eachDialect("what may be given", (open) => {
  test("a new user gets roles that the giver holds all of, the giver's teams or new ones, and the giver's OS user", async () => {
    const { identity, users, keeper: by } = await openYard(open);
    await using _open = identity;
    const own = { roles: ["view"], teams: ["OFFICE", "fresh"], execUser: "nobody" };
    assert.deepEqual((await users.create({ username: "new", ...own }, { by })).teams, ["new", "fresh", "office"]);
    for (const { field, wrong } of [
      { field: "roles", wrong: { roles: ["view", "admin"] } },
      { field: "roles", wrong: { roles: ["shell"] } },
      { field: "roles", wrong: { roles: ["not-yet"] } },
      { field: "teams", wrong: { teams: ["lab"] } },
      { field: "execUser", wrong: { execUser: "root" } },
      { field: "execUser", wrong: { execUser: "" } },
      { field: "execUser", wrong: { execUser: undefined } },
    ]) {
      const making = users.create({ username: "eve", ...own, teams: ["office"], ...wrong }, { by });
      await assert.rejects(making, forbidden(field), JSON.stringify(wrong));
    }
    await assert.rejects(users.get("eve"), { code: "not_found" });
  });

  test("what a user has already may stay or go, whoever makes the change", async () => {
    const { identity, users, keeper: by } = await openYard(open);
    await using _open = identity;
    const had = { roles: ["later", "shell"], teams: ["lab"], execUser: "" };
    await users.update("worker", { ...had, email: "w@example.org" }, { by });
    for (const more of [
      { roles: [...had.roles, "manage"] },
      { teams: ["lab", "office", "owner"] },
      { execUser: "root" },
    ])
      await assert.rejects(users.update("worker", more, { by }), (error) => isYardError(error), JSON.stringify(more));
    await users.update("worker", { roles: ["shell", "view"], teams: ["office"], execUser: "nobody" }, { by });
    assert.deepEqual((await users.get("worker")).roles, ["shell", "view"]);
  });

  test("nobody raises their own rights", async () => {
    const { identity, users, roles, keeper: by } = await openYard(open);
    await using _open = identity;
    await assert.rejects(users.update("keeper", { roles: ["admin"] }, { by }), forbidden("roles"));
    await assert.rejects(users.update("keeper", { execUser: "root" }, { by }), forbidden("execUser"));
    await assert.rejects(roles.set("view", ["apps.run"], { by }), forbidden("permissions"));
    await assert.rejects(roles.set("mine", ["*"], { by }), forbidden("permissions"));
    await assert.rejects(roles.set("mine", ["a-name-of-ones-own"], { by }), forbidden("permissions"));
    await roles.set("mine", ["users.write", "apps.view"], { by });
    await roles.set("shell", ["apps.run"], { by });
    await roles.delete("shell", { by });
  });

  test("administrators, and roles that make them, are out of reach", async () => {
    const { identity, users, roles, keeper: by } = await openYard(open);
    await using _open = identity;
    await roles.set("root", ["*"]);
    await users.create({ username: "second", roles: ["root"] });
    await users.lock("second");
    for (const reach of [
      () => users.update("chief", { email: "eve@example.org" }, { by }),
      () => users.lock("chief", { by }),
      () => users.unlock("second", { by }),
      () => users.delete("second", { by }),
      () => roles.set("root", ["apps.view"], { by }),
      () => roles.delete("root", { by }),
    ])
      await assert.rejects(reach(), forbidden());
    await users.lock("worker", { by });
    await users.unlock("worker", { by });
    await users.delete("worker", { by });
  });

  test("an administrator may give everything; with a narrowed key no more than that", async () => {
    const { identity, users, roles } = await openYard(open);
    await using _open = identity;
    const chief = await identity.principal("chief");
    await users.create(
      { username: "heir", roles: ["admin", "not-yet"], teams: ["lab"], execUser: "root" },
      { by: chief },
    );
    await roles.set("mine", ["*", "a-name-of-ones-own"], { by: chief });
    const by = { ...chief, ...narrow(["*"], [["users.write", ...(builtinRoles.shell ?? [])]]) };
    await users.create({ username: "helper", roles: ["shell"] }, { by });
    await assert.rejects(users.create({ username: "eve", roles: ["manage"] }, { by }), forbidden("roles"));
    await assert.rejects(users.delete("heir", { by }), forbidden());
  });

  test("whoever is held to some hosts lets nobody reach others, administrator or not", async () => {
    const { identity, users } = await openYard(open);
    await using _open = identity;
    await users.create({ username: "held", password: testPassword, roles: ["admin"], hostTags: ["Prod", "eu", "eu"] });
    const by = await identity.principal("held");
    assert.deepEqual(by.hostTags, ["eu", "prod"]);
    assert.deepEqual((await users.create({ username: "heir" }, { by })).hostTags, ["eu", "prod"]);
    assert.deepEqual((await users.create({ username: "less", hostTags: ["eu"] }, { by })).hostTags, ["eu"]);
    for (const hostTags of [[], ["us"], ["eu", "us"]]) {
      await assert.rejects(users.create({ username: "eve", hostTags }, { by }), forbidden("hostTags"));
      await assert.rejects(users.update("held", { hostTags }, { by }), forbidden("hostTags"));
    }
    for (const change of [
      () => users.update("chief", { email: "x@example.org" }, { by }),
      () => users.setPassword("chief", testPassword, { by }),
      () => users.delete("worker", { by }),
      async () => identity.totp.disable((await users.get("chief")).id, { by }),
    ])
      await assert.rejects(change(), forbidden());
    await users.setPassword("less", testPassword, { by });
    await users.update("held", { hostTags: ["eu"] }, { by });
    await assert.rejects(users.create({ username: "eve", hostTags: ["No Tag"] }), {
      code: "invalid",
      field: "hostTags",
    });
  });

  test("nobody sets the password of a user who holds more", async () => {
    const { identity, users, keeper: by } = await openYard(open);
    await using _open = identity;
    for (const name of ["worker", "chief"])
      await assert.rejects(users.setPassword(name, testPassword, { by }), forbidden(), name);
    await users.setPassword("owner", testPassword, { by });
    await users.setPassword("keeper", testPassword, { by });
  });

  test("a viewer brings nobody into a team", async () => {
    const { identity, users } = await openYard(open);
    await using _open = identity;
    await identity.teams.setMember("office", "keeper", "viewer");
    const by = await identity.principal("keeper");
    const making = users.create({ username: "new", teams: ["office"], execUser: "nobody" }, { by });
    await assert.rejects(making, forbidden("teams"));
  });
});
