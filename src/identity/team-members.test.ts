import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect } from "../platform/db/testing.ts";
import { isYardError, type YardErrorCode } from "../platform/errors.ts";
import { openTestIdentity, type TestIdentity } from "./testing.ts";

const refused = (code: YardErrorCode) => (error: unknown) => isYardError(error, code);

async function openWithLab(open: Parameters<typeof openTestIdentity>[0]): Promise<TestIdentity> {
  const identity = await openTestIdentity(open);
  const { id } = await identity.users.create({ username: "ada" });
  for (const username of ["bob", "eve"]) await identity.users.create({ username });
  await identity.teams.create("lab", { userId: id });
  return identity;
}

const rolesIn = async ({ teams }: TestIdentity, team: string) =>
  Object.fromEntries((await teams.get(team)).members.map(({ username, role }) => [username, role]));

eachDialect("members of a team, many at once", (open) => {
  test("come and go together, whatever the case of their names", async () => {
    await using identity = await openWithLab(open());
    await identity.teams.setMembers("lab", new Map([["BOB", "viewer"] as const, ["eve", "member"] as const]));
    assert.deepEqual(await rolesIn(identity, "lab"), { ada: "owner", bob: "viewer", eve: "member" });
    await identity.teams.removeMembers("lab", ["eve", "Bob"]);
    assert.deepEqual(await rolesIn(identity, "lab"), { ada: "owner" });
  });

  test("one unknown name changes nothing", async () => {
    await using identity = await openWithLab(open());
    const roles = new Map([["bob", "admin"] as const, ["nobody", "viewer"] as const]);
    await assert.rejects(identity.teams.setMembers("lab", roles), refused("invalid"));
    await assert.rejects(identity.teams.removeMembers("lab", ["ada", "a\0b"]), refused("invalid"));
    await assert.rejects(identity.teams.removeMembers("none", ["ada"]), refused("not_found"));
    assert.deepEqual(await rolesIn(identity, "lab"), { ada: "owner" });
  });

  test("an owner who is to be admin stays owner; where the last one goes, the admin who is here longest takes over", async () => {
    await using identity = await openWithLab(open());
    const set = (...roles: [string, "admin" | "member" | "viewer"][]) =>
      identity.teams.setMembers("lab", new Map(roles));
    await set(["ada", "admin"], ["eve", "member"]);
    assert.equal((await rolesIn(identity, "lab")).ada, "owner");
    await assert.rejects(set(["ada", "viewer"]), refused("precondition"));
    await assert.rejects(identity.teams.removeMembers("lab", ["ada"]), refused("precondition"));
    await set(["bob", "admin"], ["eve", "admin"]);
    await identity.teams.removeMembers("lab", ["ada"]);
    // Users who were made in the same millisecond are in no order.
    const [bob, eve] = [await identity.users.get("bob"), await identity.users.get("eve")];
    const isBobFirst = bob.id < eve.id;
    assert.deepEqual(await rolesIn(identity, "lab"), {
      bob: isBobFirst ? "owner" : "admin",
      eve: isBobFirst ? "admin" : "owner",
    });
  });

  test("two owners who leave at the same moment leave a team that somebody leads", async () => {
    await using identity = await openWithLab(open());
    await identity.teams.setMember("lab", "bob", "owner");
    await Promise.allSettled(["ada", "bob"].map((name) => identity.teams.removeMembers("lab", [name])));
    assert.equal(Object.values(await rolesIn(identity, "lab")).filter((role) => role === "owner").length, 1);
  });

  test("a personal team lets others in and keeps its user; their other teams change as before", async () => {
    await using identity = await openWithLab(open());
    await identity.teams.setMembers("ada", new Map([["bob", "admin"]]));
    assert.deepEqual(await rolesIn(identity, "ada"), { ada: "owner", bob: "admin" });
    await assert.rejects(identity.teams.setMembers("ada", new Map([["ada", "viewer"]])), refused("precondition"));
    await assert.rejects(identity.teams.removeMembers("ada", ["ada"]), refused("precondition"));
    const { teams } = await identity.users.update("bob", { teams: ["ada", "lab"] });
    assert.deepEqual(teams, ["bob", "ada", "lab"]);
    await assert.rejects(identity.users.update("eve", { teams: ["ada"] }), refused("conflict"));
  });

  test("what changed acts on the next request", async () => {
    await using identity = await openWithLab(open());
    await identity.users.setPassword("bob", "right password");
    const { token } = await identity.token("bob");
    assert.equal((await identity.authenticator.authenticate(token)).teams.has("lab"), false);
    await identity.teams.setMembers("lab", new Map([["bob", "viewer"]]));
    assert.equal((await identity.authenticator.authenticate(token)).teams.get("lab"), "viewer");
    await identity.teams.removeMembers("lab", ["bob"]);
    assert.equal((await identity.authenticator.authenticate(token)).teams.has("lab"), false);
  });
});
