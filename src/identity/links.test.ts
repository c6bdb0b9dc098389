import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect } from "../platform/db/testing.ts";
import { isYardError, type YardErrorCode } from "../platform/errors.ts";
import { openTestIdentity } from "./testing.ts";

const refused = (code: YardErrorCode) => (error: unknown) => isYardError(error, code);

eachDialect("users for whom another service vouches", (open) => {
  test("are made with their link, found by it, and lose it with the account", async () => {
    await using identity = await openTestIdentity(open());
    const link = { provider: "github", id: "7" };
    assert.equal(await identity.links.find(link), undefined);
    await identity.users.create({ username: "ada", link, personalTeam: "Ada's Team" });
    assert.equal((await identity.links.find(link))?.username, "ada");
    assert.equal((await identity.links.find({ ...link, id: "70" }))?.username, undefined);
    const { id } = await identity.teams.get("ada");
    assert.equal((await identity.memberships.team(id)).displayName, "Ada's Team");
    await assert.rejects(identity.users.create({ username: "bob", link }), refused("conflict"));
    assert.deepEqual(
      (await identity.users.list()).map(({ username }) => username),
      ["ada"],
    );
    await identity.users.delete("ada");
    assert.equal(await identity.links.find(link), undefined);
  });
});
