import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect } from "../platform/db/testing.ts";
import { isYardError, type YardErrorCode } from "../platform/errors.ts";
import { openTestIdentity } from "./testing.ts";

const refused = (code: YardErrorCode) => (error: unknown) => isYardError(error, code);
const key = `abc_${"0123456789abcdef".repeat(2)}`;

eachDialect("keys of a team", (open) => {
  test("one speaks for its team, with what it was narrowed to, and only where teams' keys are asked for", async () => {
    await using identity = await openTestIdentity(open());
    const { id: userId } = await identity.users.create({ username: "ada", roles: ["admin"] });
    const { id: teamId } = await identity.teams.get("ada");
    const made = await identity.apiKeys.create({ userId, teamId, name: "ci", permissions: ["capsules.view"], key });
    assert.equal(made.key, key);
    const principal = await identity.authenticator.authenticate(key, { teamKeys: true });
    assert.deepEqual(principal.credential, {
      kind: "apiKey",
      keyId: made.apiKey.id,
      number: made.apiKey.number,
      name: "ci",
      teamId,
    });
    assert.deepEqual([principal.isAdmin, [...principal.permissions]], [false, ["capsules.view"]]);
    // Remembered by now, and all the same of no use elsewhere.
    await assert.rejects(identity.authenticator.authenticate(key), refused("unauthenticated"));
    assert.throws(() => identity.authenticator.recall(key), refused("unauthenticated"));
  });

  test("they are listed newest first with their makers, and removed by their own team alone", async () => {
    await using identity = await openTestIdentity(open());
    const { id: userId } = await identity.users.create({ username: "ada", email: "ada@x.test" });
    const { id: teamId } = await identity.teams.get("ada");
    const { apiKey: first } = await identity.apiKeys.create({ userId, teamId, name: "first" });
    identity.clock.advance(1);
    await identity.apiKeys.create({ userId, teamId, name: "second" });
    await identity.apiKeys.create({ userId, name: "no team's" });
    const listed = await identity.apiKeys.listOfTeam(teamId);
    assert.deepEqual(
      listed.map(({ name, creatorEmail }) => [name, creatorEmail]),
      [
        ["second", "ada@x.test"],
        ["first", "ada@x.test"],
      ],
    );
    await assert.rejects(identity.apiKeys.revoke(first.id, { teamId: "team_other" }), refused("not_found"));
    await identity.apiKeys.revoke(first.id, { teamId });
    assert.equal((await identity.apiKeys.listOfTeam(teamId)).length, 1);
  });
});
