import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect } from "../platform/db/testing.ts";
import { isYardError, type YardErrorCode } from "../platform/errors.ts";
import { openTestIdentity, type TestIdentity } from "./testing.ts";

const refused = (code: YardErrorCode) => (error: unknown) => isYardError(error, code);

async function openWithLab(open: Parameters<typeof openTestIdentity>[0]): Promise<TestIdentity> {
  const identity = await openTestIdentity(open);
  const { id } = await identity.users.create({ username: "ada" });
  await identity.users.create({ username: "bob" });
  await identity.teams.create("lab", { userId: id });
  return identity;
}

eachDialect("teams", (open) => {
  test("members come, change their role and go", async () => {
    await using identity = await openWithLab(open());
    await identity.teams.setMember("lab", "bob", "viewer");
    await identity.teams.setMember("lab", "bob", "admin");
    assert.deepEqual((await identity.teams.get("lab")).members, [
      { username: "ada", role: "owner" },
      { username: "bob", role: "admin" },
    ]);
    assert.deepEqual((await identity.users.get("bob")).teams, ["bob", "lab"]);
    await identity.teams.removeMember("lab", "bob");
    await assert.rejects(identity.teams.removeMember("lab", "bob"), refused("not_found"));
    assert.deepEqual((await identity.users.get("bob")).teams, ["bob"]);
  });

  test("the last owner stays, not even two can leave at once", async () => {
    await using identity = await openWithLab(open());
    await assert.rejects(identity.teams.removeMember("lab", "ada"), refused("precondition"));
    await assert.rejects(identity.teams.setMember("lab", "ada", "admin"), refused("precondition"));
    await identity.teams.setMember("lab", "bob", "owner");
    const both = await Promise.allSettled(["ada", "bob"].map((name) => identity.teams.removeMember("lab", name)));
    assert.deepEqual(both.map((one) => one.status).sort(), ["fulfilled", "rejected"]);
    assert.equal((await identity.teams.get("lab")).members.length, 1);
  });

  test("a personal team can be neither joined nor deleted", async () => {
    await using identity = await openWithLab(open());
    assert.equal((await identity.teams.get("ada")).personalOf, (await identity.users.get("ada")).id);
    await assert.rejects(identity.teams.setMember("ada", "bob", "viewer"), refused("precondition"));
    await assert.rejects(identity.teams.delete("ada"), refused("precondition"));
  });

  test("names are checked and taken once; what does not exist is not found", async () => {
    await using identity = await openWithLab(open());
    const { id: userId } = await identity.users.get("bob");
    await assert.rejects(identity.teams.create("LAB", { userId }), refused("conflict"));
    await assert.rejects(identity.teams.create("a/b", { userId }), refused("invalid"));
    await assert.rejects(identity.teams.get("none"), refused("not_found"));
    await assert.rejects(identity.teams.get("a\0b"), refused("not_found"));
    await assert.rejects(identity.teams.setMember("lab", "nobody", "member"), refused("not_found"));
    await identity.teams.delete("lab");
    await assert.rejects(identity.teams.get("lab"), refused("not_found"));
  });
});
