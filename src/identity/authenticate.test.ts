import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect } from "../platform/db/testing.ts";
import { isYardError } from "../platform/errors.ts";
import type { Identity } from "./identity.ts";
import { mayDo } from "./principal.ts";
import { openTestIdentity, testPassword } from "./testing.ts";

const isRefused = (error: unknown) => isYardError(error, "unauthenticated");
const recheckMs = 2_000;

eachDialect("authentication", (open) => {
  test("a token stands for its user, with the roles' permissions and the teams", async () => {
    await using identity = await openTestIdentity(open());
    const user = await identity.users.create({
      username: "ada",
      password: testPassword,
      roles: ["view", "shell", "unknown"],
      teams: ["lab"],
    });
    const { token, sessionId } = await identity.token("ada");
    const principal = await identity.authenticator.authenticate(token);
    assert.equal(principal.userId, user.id);
    assert.deepEqual(principal.roles, ["shell", "unknown", "view"]);
    assert.deepEqual([...principal.teams].sort(), [
      ["ada", "owner"],
      ["lab", "owner"],
    ]);
    assert.ok(
      mayDo(principal, "apps.run") &&
        mayDo(principal, "apps.view") &&
        !mayDo(principal, "apps.delete") &&
        !principal.isAdmin,
    );
    assert.ok(principal.credential.kind === "token" && principal.credential.sessionId === sessionId);
  });

  test("whoever holds the role admin may do everything, also what only an API knows", async () => {
    await using identity = await openTestIdentity(open());
    await identity.users.create({ username: "root", password: testPassword, roles: ["admin"] });
    const principal = await identity.authenticator.authenticate((await identity.token("root")).token);
    assert.ok(
      principal.isAdmin &&
        mayDo(principal, "users.write") &&
        mayDo(principal, "dockmesh.prune") &&
        principal.permissions.has("audit.view"),
    );
  });

  test("a token is good for its own audience alone", async () => {
    await using identity = await openTestIdentity(open());
    await identity.users.create({ username: "ada", password: testPassword });
    const result = await identity.sessions.login(
      { username: "ada", password: testPassword },
      { api: "test", audience: "elsewhere" },
    );
    assert.ok(result.kind === "session");
    const { token } = result.issued;
    await assert.rejects(identity.authenticator.authenticate(token), isRefused);
    await identity.authenticator.authenticate(token, { audience: "elsewhere" });
    await assert.rejects(identity.authenticator.authenticate(token), isRefused, "also once it is remembered");
  });

  // Each of these takes the right away while the credential is remembered; the very next request must feel it.
  const endings: Record<string, (identity: Identity, held: { sessionId: string; userId: string }) => Promise<unknown>> =
    {
      "its session was ended": (identity, { sessionId }) => identity.sessions.revoke(sessionId),
      "all sessions of its user were ended": (identity, { userId }) => identity.sessions.revokeAllOf(userId),
      "its user was locked": (identity) => identity.users.lock("ada"),
      "its user was locked and unlocked again": async (identity) => {
        await identity.users.lock("ada");
        await identity.users.unlock("ada");
      },
      "its user was deleted": (identity) => identity.users.delete("ada"),
      "its user's password was changed": (identity) => identity.users.setPassword("ada", "another password"),
    };
  for (const [what, end] of Object.entries(endings)) {
    test(`a remembered token is refused at once when ${what}, on a replica that hears of it too, and within two seconds on one that does not`, async () => {
      await using identity = await openTestIdentity(open());
      const replica = await identity.replica();
      const neighbour = await identity.replica({ sharedBus: true });
      const { id: userId } = await identity.users.create({ username: "ada", password: testPassword, roles: ["view"] });
      const { token, sessionId } = await identity.token("ada");
      for (const { authenticator } of [identity, neighbour, replica]) await authenticator.authenticate(token);
      await end(identity, { sessionId, userId });
      await assert.rejects(identity.authenticator.authenticate(token), isRefused);
      await assert.rejects(neighbour.authenticator.authenticate(token), isRefused);
      identity.clock.advance(recheckMs);
      await assert.rejects(replica.authenticator.authenticate(token), isRefused);
      await assert.rejects(identity.authenticator.authenticate(token), isRefused, "and for good");
    });
  }

  test("roles that are given, taken or changed act on the very next request", async () => {
    await using identity = await openTestIdentity(open());
    await identity.users.create({ username: "ada", password: testPassword, roles: ["ops"] });
    const { token } = await identity.token("ada");
    const may = async (permission: string) => mayDo(await identity.authenticator.authenticate(token), permission);
    assert.equal(await may("apps.run"), false, "a role that does not exist grants nothing");
    await identity.roles.set("ops", ["apps.run"]);
    assert.equal(await may("apps.run"), true);
    await identity.roles.set("ops", ["apps.view"]);
    assert.equal(await may("apps.run"), false);
    await identity.users.update("ada", { roles: ["shell"] });
    assert.equal(await may("apps.run"), true);
    await identity.users.update("ada", { roles: [] });
    assert.equal(await may("apps.run"), false);
    await identity.teams.create("lab", { userId: (await identity.users.get("ada")).id });
    assert.ok((await identity.authenticator.authenticate(token)).teams.has("lab"));
  });

  test("changed roles act at once on a replica that hears of them", async () => {
    await using identity = await openTestIdentity(open());
    const neighbour = await identity.replica({ sharedBus: true });
    await identity.users.create({ username: "ada", password: testPassword, roles: ["ops"] });
    const { token } = await identity.token("ada");
    const may = async () => mayDo(await neighbour.authenticator.authenticate(token), "apps.run");
    assert.equal(await may(), false);
    await identity.users.update("ada", { roles: ["shell"] });
    assert.equal(await may(), true);
    await identity.roles.set("shell", ["apps.view"]);
    assert.equal(await may(), false);
  });

  test("a raised epoch ends every token that was issued before it", async () => {
    await using identity = await openTestIdentity(open());
    await identity.users.create({ username: "ada", password: testPassword });
    const { token } = await identity.token("ada");
    await identity.authenticator.authenticate(token);
    await identity.database.kysely.updateTable("users").set({ token_epoch: 7 }).execute(); // as after a restored backup
    identity.clock.advance(recheckMs);
    await assert.rejects(identity.authenticator.authenticate(token), isRefused);
    await identity.authenticator.authenticate((await identity.token("ada")).token);
  });

  test("a token ends at its time, remembered or not", async () => {
    await using identity = await openTestIdentity(open(), { cache: { limit: 10, recheckMs: 3_600_000 } });
    await identity.users.create({ username: "ada", password: testPassword });
    const result = await identity.sessions.login(
      { username: "ada", password: testPassword },
      { api: "test", lifetimeMs: 5_000 },
    );
    assert.ok(result.kind === "session");
    await identity.authenticator.authenticate(result.issued.token);
    identity.clock.advance(4_999);
    await identity.authenticator.authenticate(result.issued.token);
    identity.clock.advance(1);
    await assert.rejects(identity.authenticator.authenticate(result.issued.token), isRefused);
  });

  test("a hit asks neither the database nor the signature", async () => {
    await using identity = await openTestIdentity(open());
    await identity.users.create({ username: "ada", password: testPassword });
    const { token, sessionId } = await identity.token("ada");
    const first = await identity.authenticator.authenticate(token);
    // Changed behind everybody's back: a hit can't see it, the next look at the stored state does.
    await identity.database.kysely.updateTable("sessions").set({ revoked_at: 1 }).where("id", "=", sessionId).execute();
    assert.equal(await identity.authenticator.authenticate(token), first);
    identity.clock.advance(recheckMs);
    await assert.rejects(identity.authenticator.authenticate(token), isRefused);
  });

  test("sessions outlive a restart, and ended ones stay ended", async () => {
    await using identity = await openTestIdentity(open());
    await identity.users.create({ username: "ada", password: testPassword });
    const [kept, ended] = [await identity.token("ada"), await identity.token("ada")];
    await identity.sessions.revoke(ended.sessionId);
    const restarted = await identity.replica();
    assert.equal((await restarted.authenticator.authenticate(kept.token)).username, "ada");
    await assert.rejects(restarted.authenticator.authenticate(ended.token), isRefused);
  });

  test("renewal makes a new session and ends the old one; of two at once one succeeds", async () => {
    await using identity = await openTestIdentity(open());
    await identity.users.create({ username: "ada", password: testPassword });
    const old = await identity.token("ada");
    const principal = await identity.authenticator.authenticate(old.token);
    const renewals = await Promise.allSettled(
      [1, 2].map(() => identity.sessions.renew(principal, { api: "test", lifetimeMs: 60_000 })),
    );
    const renewed = renewals.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    assert.equal(renewed.length, 1);
    assert.notEqual(renewed[0]?.sessionId, old.sessionId);
    await identity.authenticator.authenticate(renewed[0]?.token ?? "");
    await assert.rejects(identity.authenticator.authenticate(old.token), isRefused);
  });

  test("a changed password keeps the session that changed it, if asked", async () => {
    await using identity = await openTestIdentity(open());
    await identity.users.create({ username: "ada", password: testPassword });
    const [own, other] = [await identity.token("ada"), await identity.token("ada")];
    await identity.users.setPassword("ada", "another password", { keepSessionId: own.sessionId });
    await identity.authenticator.authenticate(own.token);
    await assert.rejects(identity.authenticator.authenticate(other.token), isRefused);
    await assert.rejects(identity.token("ada"), isRefused);
    await identity.token("ada", "another password");
  });

  test("nothing else passes for a token", async () => {
    await using identity = await openTestIdentity(open());
    for (const credential of [
      "",
      "ry_",
      "ry_unknown",
      "ryr_unknown",
      "null",
      "x".repeat(1_000_000),
      "ry_\0",
      "ry_' or 1=1 --",
    ]) {
      await assert.rejects(identity.authenticator.authenticate(credential), isRefused);
    }
  });
});
