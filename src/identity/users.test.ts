import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect } from "../platform/db/testing.ts";
import { isYardError, type YardErrorCode } from "../platform/errors.ts";
import { openTestIdentity, testPassword } from "./testing.ts";
import { createUserSummaries } from "./user-summaries.ts";

const refused = (code: YardErrorCode, field?: string) => (error: unknown) =>
  isYardError(error, code) && (field === undefined || error.field === field);

eachDialect("users", (open) => {
  test("a new user has what was given, a personal team, and the teams that were named", async () => {
    await using identity = await openTestIdentity(open());
    const given = {
      email: "Ada@Example.org",
      displayName: "Ada",
      execUser: "nobody",
      metadata: "{}",
      roles: ["view", "later"],
    };
    const ada = await identity.users.create({
      username: "ada",
      password: testPassword,
      teams: ["zoo", "lab"],
      ...given,
    });
    assert.deepEqual(ada, {
      ...{ id: ada.id, username: "ada", state: "active", createdAt: identity.clock.now(), ...given },
      ...{
        isRetired: false,
        hasPassword: true,
        totpEnabled: false,
        hasTotpSecret: false,
        roles: ["later", "view"],
        teams: ["ada", "lab", "zoo"],
        hostTags: [],
      },
    });
    assert.deepEqual(await identity.users.get("ADA"), ada);
    assert.deepEqual(await identity.users.getById(ada.id), ada);
    const bob = await identity.users.create({ username: "Bob", teams: ["LAB"] });
    assert.equal(bob.hasPassword, false);
    assert.deepEqual((await identity.teams.get("lab")).members, [
      { username: "ada", role: "owner" },
      { username: "Bob", role: "member" },
    ]);
    assert.deepEqual(await identity.users.list(), [ada, bob]);
  });

  for (const username of [
    "",
    "self",
    "SELF",
    "-x",
    ".",
    "..",
    "a b",
    "a/b",
    "a\nb",
    "a\0b",
    "a\u202eb",
    "é",
    "$(id)",
    "x".repeat(65),
  ]) {
    test(`nobody can be called ${JSON.stringify(username)}`, async () => {
      await using identity = await openTestIdentity(open());
      await assert.rejects(identity.users.create({ username }), refused("invalid", "username"));
      await assert.rejects(identity.users.get(username), refused("not_found"));
    });
  }

  test("bad fields are refused by name, and change nothing", async () => {
    await using identity = await openTestIdentity(open());
    await identity.users.create({ username: "ada" });
    for (const { field, value } of [
      { field: "email", value: { email: "nowhere" } },
      { field: "email", value: { email: "a b@c" } },
      { field: "metadata", value: { metadata: "x".repeat(100_000) } },
      { field: "execUser", value: { execUser: "a\0b" } },
      { field: "roles", value: { roles: Array.from({ length: 100 }, (_, index) => `r${index}`) } },
      { field: "role", value: { roles: ["a/b"] } },
      { field: "team", value: { teams: ["../lab"] } },
    ]) {
      await assert.rejects(
        identity.users.update("ada", { displayName: "changed", ...value }),
        refused("invalid", field),
      );
      await assert.rejects(identity.users.create({ username: "bob", ...value }), refused("invalid", field));
    }
    for (const password of ["12345", "x".repeat(1_025)]) {
      await assert.rejects(identity.users.create({ username: "bob", password }), refused("invalid", "password"));
      await assert.rejects(identity.users.setPassword("ada", password), refused("invalid", "password"));
    }
    assert.deepEqual(
      (await identity.users.list()).map((user) => [user.username, user.displayName]),
      [["ada", ""]],
    );
  });

  test("names and e-mail addresses are taken once, without regard to case, and not as each other", async () => {
    await using identity = await openTestIdentity(open());
    await identity.users.create({ username: "Ada", email: "ada@example.org", teams: ["lab"] });
    await identity.users.create({ username: "bob" });
    await assert.rejects(identity.users.create({ username: "aDA" }), refused("conflict", "username"));
    await assert.rejects(identity.users.create({ username: "ada@example.org" }), refused("conflict"));
    await assert.rejects(identity.users.create({ username: "Lab" }), refused("conflict"), "a team's name");
    await assert.rejects(
      identity.users.create({ username: "eve", email: "ADA@example.org" }),
      refused("conflict", "email"),
    );
    await assert.rejects(identity.users.update("bob", { email: "Ada@example.org" }), refused("conflict", "email"));
    await assert.rejects(
      identity.users.update("bob", { teams: ["ada"] }),
      refused("conflict", "teams"),
      "another's personal team",
    );
    const racers = await Promise.allSettled(
      ["eve", "EVE", "Eve"].map((username) => identity.users.create({ username })),
    );
    assert.equal(racers.filter((racer) => racer.status === "fulfilled").length, 1);
    for (const racer of racers)
      assert.ok(racer.status === "fulfilled" || refused("conflict")(racer.reason), String(racer));
    assert.equal((await identity.users.list()).length, 3);
  });

  test("an update changes the given fields alone", async () => {
    await using identity = await openTestIdentity(open());
    const before = await identity.users.create({
      username: "ada",
      email: "a@b.c",
      displayName: "Ada",
      roles: ["view"],
      teams: ["lab"],
    });
    assert.deepEqual(await identity.users.update("ada", { execUser: "nobody" }), { ...before, execUser: "nobody" });
    assert.deepEqual(await identity.users.update("ada", { email: null, roles: [], teams: [] }), {
      ...{ ...before, execUser: "nobody", email: null, roles: [], teams: ["ada"] },
    });
  });

  test("a deleted user is gone, its name is free, and its teams find another owner or end", async () => {
    await using identity = await openTestIdentity(open());
    const { id } = await identity.users.create({
      username: "ada",
      password: testPassword,
      email: "a@b.c",
      teams: ["lab", "alone"],
    });
    await identity.users.create({ username: "bob", teams: ["lab"] });
    await identity.users.delete("ada");
    await assert.rejects(identity.users.get("ada"), refused("not_found"));
    await assert.rejects(identity.users.getById(id), refused("not_found"));
    await assert.rejects(identity.token("ada"), refused("unauthenticated"));
    assert.deepEqual(
      (await identity.teams.list()).map((team) => team.name),
      ["bob", "lab"],
    );
    assert.deepEqual((await identity.teams.get("lab")).members, [{ username: "bob", role: "owner" }]);
    const again = await identity.users.create({ username: "ada", email: "a@b.c", password: testPassword });
    assert.notEqual(again.id, id);
    await identity.token("ada");
  });

  test("whoever is locked by a change loses sessions and a login that waits, as by a lock of its own", async () => {
    await using identity = await openTestIdentity(open());
    await identity.users.create({ username: "ada", password: testPassword });
    const { token } = await identity.token("ada");
    await identity.users.update("ada", { displayName: "Ada", locked: true });
    await assert.rejects(identity.authenticator.authenticate(token), refused("unauthenticated"));
    await identity.users.update("ada", { displayName: "Countess" });
    assert.equal((await identity.users.get("ada")).state, "locked", "nobody said unlocked");
    await identity.users.update("ada", { locked: false });
    await assert.rejects(identity.authenticator.authenticate(token), refused("unauthenticated"));
    await identity.token("ada");
    await identity.users.create({ username: "bob", password: testPassword, locked: true });
    await assert.rejects(identity.token("bob"), refused("unauthenticated"));
  });

  test("of a deleted user the apps know no name and no team, but whom they run as", async () => {
    await using identity = await openTestIdentity(open());
    const { id } = await identity.users.create({ username: "ada", execUser: "nobody", teams: ["lab"] });
    const summaries = createUserSummaries(identity);
    assert.deepEqual((await summaries.describe([id])).get(id), {
      ...{ username: "ada", execUser: "nobody", teams: ["ada", "lab"] },
    });
    await identity.users.delete("ada");
    await identity.users.create({ username: "ada", execUser: "root" });
    assert.deepEqual(
      await summaries.describe([id, "user_none"]),
      new Map([[id, { username: null, execUser: "nobody", teams: [] }]]),
    );
  });

  test("the last administrator who can log in is neither locked, deleted nor demoted, not even by two at once", async () => {
    await using identity = await openTestIdentity(open());
    await identity.users.create({ username: "ada", roles: ["admin"] });
    await identity.users.create({ username: "bob", roles: ["admin"] });
    await identity.users.create({ username: "eve", roles: ["view"] });
    await identity.users.lock("eve");
    const both = await Promise.allSettled([identity.users.lock("ada"), identity.users.lock("bob")]);
    assert.deepEqual(both.map((one) => one.status).sort(), ["fulfilled", "rejected"]);
    const last = (await identity.users.list()).find((user) => user.state === "active")?.username ?? "";
    await assert.rejects(identity.users.lock(last), refused("precondition"));
    await assert.rejects(identity.users.delete(last), refused("precondition"));
    await assert.rejects(identity.users.update(last, { roles: ["view"] }), refused("precondition"));
    assert.deepEqual((await identity.users.get(last)).roles, ["admin"]);
  });
});
