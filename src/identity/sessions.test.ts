import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect } from "../platform/db/testing.ts";
import { isYardError, type YardErrorCode } from "../platform/errors.ts";
import { openTestIdentity } from "./testing.ts";

const refused = (code: YardErrorCode) => (error: unknown) => isYardError(error, code);

eachDialect("sessions for a team", (open) => {
  test("a token names its team and shows what clients ask for, but believes none of it", async () => {
    await using identity = await openTestIdentity(open());
    const { id } = await identity.users.create({ username: "ada" });
    const issued = await identity.sessions.open(id, {
      api: "test",
      describe: async () => ({
        teamId: "team_x",
        shown: { name: "Ada", is_admin: true, roles: ["admin"], sub: "you" },
      }),
    });
    const payload = JSON.parse(Buffer.from(issued.token.split(".")[1]!, "base64url").toString());
    assert.deepEqual(
      [payload.team, payload.name, payload.is_admin, payload.roles, payload.sub],
      ["team_x", "Ada", true, [], id],
    );
    const { isAdmin, username, credential } = await identity.authenticator.authenticate(issued.token);
    assert.deepEqual([isAdmin, username, credential.teamId, issued.teamId], [false, "ada", "team_x", "team_x"]);
  });

  test("whoever is locked or gone opens none, and a refused description leaves none", async () => {
    await using identity = await openTestIdentity(open());
    const { id } = await identity.users.create({ username: "ada" });
    const describe = () => Promise.reject(new Error("no"));
    await assert.rejects(identity.sessions.open(id, { api: "test", describe }), /no/);
    assert.deepEqual(await identity.database.kysely.selectFrom("sessions").selectAll().execute(), []);
    await identity.users.lock("ada");
    for (const userId of [id, "user_none"])
      await assert.rejects(identity.sessions.open(userId, { api: "test" }), refused("unauthenticated"));
  });

  test("a right password of a locked account is told from a wrong one only where that is asked for", async () => {
    await using identity = await openTestIdentity(open());
    await identity.users.create({ username: "ada", password: "right password", locked: true });
    const login = (password: string, tellsLocked: boolean) =>
      identity.sessions.login({ username: "ada", password }, { api: "test", tellsLocked });
    await assert.rejects(login("right password", true), refused("forbidden"));
    await assert.rejects(login("right password", false), refused("unauthenticated"));
    await assert.rejects(login("wrong", true), refused("unauthenticated"));
  });
});
