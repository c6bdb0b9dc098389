import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect } from "../platform/db/testing.ts";
import { isYardError } from "../platform/errors.ts";
import { openTestIdentity, type TestIdentity, testPassword } from "./testing.ts";

const refused = (error: unknown) => isYardError(error, "unauthenticated");

async function openWithAda(open: Parameters<typeof openTestIdentity>[0]): Promise<TestIdentity> {
  const identity = await openTestIdentity(open);
  await identity.users.create({ username: "ada", password: testPassword, roles: ["operator"], hostTags: ["eu"] });
  return identity;
}

eachDialect("tickets", (open) => {
  test("one gives its holder's principal, once, also where two replicas are shown it at the same moment", async () => {
    await using identity = await openWithAda(open());
    const other = await identity.replica();
    const ada = await identity.principal("ada");
    const { ticket, expiresAt } = await identity.tickets.issue(ada);
    assert.equal(expiresAt - identity.clock.now(), 30_000);
    const outcomes = await Promise.allSettled([identity, other].map(({ tickets }) => tickets.redeem(ticket)));
    const [given] = outcomes.filter((outcome) => outcome.status === "fulfilled");
    assert.equal(outcomes.filter(({ status }) => status === "rejected").length, 1);
    assert.deepEqual(given?.value, ada);
    await assert.rejects(identity.tickets.redeem(ticket), refused);
  });

  test("one of an API key gives what the key may", async () => {
    await using identity = await openWithAda(open());
    const { id: userId } = await identity.users.get("ada");
    const { key } = await identity.apiKeys.create({ userId, name: "ci", roleName: "viewer" });
    const principal = await identity.authenticator.authenticate(key);
    const { ticket } = await identity.tickets.issue(principal);
    assert.deepEqual(await identity.tickets.redeem(ticket), principal);
  });

  test("one is worth nothing after 30 s, and what has expired is cleaned up", async () => {
    await using identity = await openWithAda(open());
    const ada = await identity.principal("ada");
    const [late] = [await identity.tickets.issue(ada), await identity.tickets.issue(ada)];
    identity.clock.advance(30_000);
    await assert.rejects(identity.tickets.redeem(late.ticket), refused);
    assert.equal(await identity.purgeExpired(), 1);
  });

  test("nobody makes more rows of them than are cleaned up: not by asking again and again, nor many at a time", async () => {
    await using identity = await openWithAda(open());
    await identity.users.create({ username: "ben", password: testPassword });
    const [ada, ben] = [await identity.principal("ada"), await identity.principal("ben")];
    const issued = await Promise.all(Array.from({ length: 200 }, () => identity.tickets.issue(ada)));
    await assert.rejects(identity.tickets.issue(ada), (error) => isYardError(error, "too_many"));
    await identity.tickets.issue(ben);
    await identity.tickets.redeem(issued[0]!.ticket);
    await identity.tickets.issue(ada);
    identity.clock.advance(30_000);
    await identity.tickets.issue(ada);

    const { database, clock } = identity;
    const dead = { user_id: ben.userId, holder: "{}", expires_at: clock.now() };
    const rows = Array.from({ length: 1_100 }, (_, i) => ({ ...dead, hash: String(i) }));
    for (const some of [rows.slice(0, 550), rows.slice(550)]) {
      await database.kysely.insertInto("tickets").values(some).execute();
    }
    assert.equal(await identity.purgeExpired(), 1_301);
  });

  for (const [what, change] of Object.entries({
    "the session has ended": (identity: TestIdentity, sessionId: string) => identity.sessions.revoke(sessionId),
    "the user is locked": (identity: TestIdentity) => identity.users.lock("ada"),
    "the user has another role": (identity: TestIdentity) => identity.users.update("ada", { roles: ["viewer"] }),
    "the role has other permissions": ({ roles }: TestIdentity) => roles.set("operator", ["containers.view"]),
    "the user reaches more hosts": (identity: TestIdentity) => identity.users.update("ada", { hostTags: [] }),
  }))
    test(`one is worth nothing once ${what}`, async () => {
      await using identity = await openWithAda(open());
      const ada = await identity.principal("ada");
      const { ticket } = await identity.tickets.issue(ada);
      assert.ok(ada.credential.kind === "token");
      await change(identity, ada.credential.sessionId);
      await assert.rejects(identity.tickets.redeem(ticket), refused);
    });

  test("it is stored unreadably, and no other secret passes for one", async () => {
    await using identity = await openWithAda(open());
    const { token } = await identity.token("ada");
    const { ticket } = await identity.tickets.issue(await identity.authenticator.authenticate(token));
    const stored = JSON.stringify(await identity.database.kysely.selectFrom("tickets").selectAll().execute());
    assert.ok(!stored.includes(ticket.slice(4)) && !stored.includes(token));
    for (const wrong of [token, "", "ryt_", `${ticket}x`, ticket.slice(4)])
      await assert.rejects(identity.tickets.redeem(wrong), refused);
    await assert.rejects(identity.authenticator.authenticate(ticket), refused);
    await assert.rejects(identity.sessions.refresh(ticket), refused);
  });
});
