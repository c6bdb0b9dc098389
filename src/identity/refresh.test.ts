import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect } from "../platform/db/testing.ts";
import { isYardError } from "../platform/errors.ts";
import { refreshGraceMs } from "./refresh.ts";
import { openTestIdentity, type TestIdentity, testPassword } from "./testing.ts";

const isRefused = (error: unknown) => isYardError(error, "unauthenticated");

/** The first tokens of a new family. */
async function family(identity: TestIdentity): Promise<{ token: string; refreshToken: string; sessionId: string }> {
  const result = await identity.sessions.login(
    { username: "ada", password: testPassword },
    { api: "test", refresh: true },
  );
  assert.ok(result.kind === "session" && result.refreshToken);
  return { token: result.issued.token, sessionId: result.issued.sessionId, refreshToken: result.refreshToken };
}

async function openWithAda(open: Parameters<typeof openTestIdentity>[0]): Promise<TestIdentity> {
  const identity = await openTestIdentity(open);
  await identity.users.create({ username: "ada", password: testPassword });
  return identity;
}

const countRows = async (identity: TestIdentity) =>
  (await identity.database.kysely.selectFrom("refresh_tokens").selectAll().execute()).length;

async function assertRevoked(identity: TestIdentity, held: { token: string; refreshToken: string }): Promise<void> {
  await assert.rejects(identity.authenticator.authenticate(held.token), isRefused);
  await assert.rejects(identity.sessions.refresh(held.refreshToken), isRefused);
}

eachDialect("refresh tokens", (open) => {
  test("each yields the next, with a token of the same session", async () => {
    await using identity = await openWithAda(open());
    let { refreshToken, sessionId } = await family(identity);
    for (let round = 0; round < 3; round++) {
      identity.clock.advance(3_600_000);
      const next = await identity.sessions.refresh(refreshToken);
      assert.equal(next.issued.sessionId, sessionId);
      assert.equal(next.issued.expiresAt - next.issued.issuedAt, 3_600_000);
      await identity.authenticator.authenticate(next.issued.token);
      assert.notEqual(next.refreshToken, refreshToken);
      refreshToken = next.refreshToken;
    }
  });

  test("racers get the identical successor, of which there is one, also on several replicas", async () => {
    await using identity = await openWithAda(open());
    const replicas = [identity, await identity.replica()];
    const { refreshToken } = await family(identity);
    const answers = await Promise.all(
      [0, 1, 2, 3, 4, 5].map((index) => replicas[index % 2]!.sessions.refresh(refreshToken)),
    );
    assert.equal(new Set(answers.map((answer) => answer.refreshToken)).size, 1);
    assert.equal(await countRows(identity), 2, "the parent and one child");
    identity.clock.advance(refreshGraceMs);
    assert.equal((await identity.sessions.refresh(refreshToken)).refreshToken, answers[0]?.refreshToken);
    assert.equal(await countRows(identity), 2);
  });

  test("reuse after the grace ends the family, for thief and victim alike, and is told to the audit log", async () => {
    await using identity = await openWithAda(open());
    const first = await family(identity);
    const second = await identity.sessions.refresh(first.refreshToken);
    identity.clock.advance(refreshGraceMs + 1);
    await identity.authenticator.authenticate(second.issued.token);
    await assert.rejects(identity.sessions.refresh(first.refreshToken), isRefused);
    await assertRevoked(identity, { token: second.issued.token, refreshToken: second.refreshToken });
    const [entry] = await identity.database.kysely.selectFrom("audit_entries").selectAll().execute();
    assert.deepEqual(
      [entry?.action, entry?.actor_name, entry?.target],
      ["session.refresh-reused", "ada", first.sessionId],
    );
  });

  test("whichever of thief and victim comes first, the second of them ends the family", async () => {
    await using identity = await openWithAda(open());
    const stolen = await family(identity);
    const other = await family(identity);
    let current = await identity.sessions.refresh(stolen.refreshToken); // one of them
    identity.clock.advance(refreshGraceMs + 1);
    current = await identity.sessions.refresh(current.refreshToken);
    await assert.rejects(identity.sessions.refresh(stolen.refreshToken), isRefused); // the other
    await assertRevoked(identity, { token: current.issued.token, refreshToken: current.refreshToken });
    await identity.sessions.refresh(other.refreshToken); // another family is not concerned
  });

  for (const [what, end] of Object.entries({
    logoff: (identity: TestIdentity, sessionId: string) => identity.sessions.revoke(sessionId),
    "a password change": (identity: TestIdentity) => identity.users.setPassword("ada", "another password"),
    "a lock": (identity: TestIdentity) => identity.users.lock("ada").then(() => {}),
    "a deletion": (identity: TestIdentity) => identity.users.delete("ada"),
    "thirty days": async (identity: TestIdentity) => identity.clock.advance(30 * 24 * 3_600_000),
  })) {
    test(`nothing can be refreshed after ${what}`, async () => {
      await using identity = await openWithAda(open());
      await identity.users.create({ username: "root", password: testPassword, roles: ["admin"] });
      const held = await family(identity);
      await end(identity, held.sessionId);
      await assertRevoked(identity, held);
    });
  }

  test("where there is no grace, one of those who race wins, and the family ends", async () => {
    await using identity = await openWithAda(open());
    const replicas = [identity, await identity.replica()];
    const { refreshToken, sessionId } = await family(identity);
    const outcomes = await Promise.allSettled(
      [0, 1, 2, 3].map((index) => replicas[index % 2]!.sessions.refresh(refreshToken, { isStrict: true })),
    );
    const [won, ...others] = outcomes.filter((outcome) => outcome.status === "fulfilled");
    assert.ok(won && others.length === 0);
    await assertRevoked(identity, { token: won.value.issued.token, refreshToken: won.value.refreshToken });
    const plain = await identity.sessions.refresh("ryr_unknown").catch((error: Error) => error.message);
    const reused = outcomes.map((outcome) => (outcome.status === "rejected" ? String(outcome.reason.message) : ""));
    assert.ok(reused.some((message) => message !== "" && message !== plain));
    assert.equal(await countRows(identity), 2, sessionId);
  });

  test("a family ends when it is idle for too long, and at its end in any case", async () => {
    await using identity = await openWithAda(open());
    const { clock, sessions, authenticator } = identity;
    const minute = 60_000;
    const refresh = { lifetimeMs: 150 * minute, idleMs: 60 * minute };
    const logIn = async () => {
      const login = await sessions.login({ username: "ada", password: testPassword }, { api: "test", refresh });
      assert.ok(login.kind === "session" && login.refreshToken);
      return { token: login.issued.token, refreshToken: login.refreshToken, userId: login.issued.user.id };
    };
    let { refreshToken, userId } = await logIn();
    for (const _ of [50, 100]) {
      clock.advance(50 * minute);
      const next = await sessions.refresh(refreshToken, { lifetimeMs: 15 * minute });
      assert.equal(next.issued.expiresAt - clock.now(), 15 * minute);
      refreshToken = next.refreshToken;
    }
    const [listed] = await sessions.ofUser(userId);
    assert.equal((listed?.expiresAt ?? 0) - (listed?.createdAt ?? 0), 150 * minute);
    clock.advance(50 * minute);
    await assert.rejects(sessions.refresh(refreshToken), isRefused, "the end");
    assert.deepEqual(await sessions.ofUser(userId), []);

    const idle = await logIn();
    await authenticator.authenticate(idle.token);
    clock.advance(60 * minute);
    await assertRevoked(identity, idle);
  });

  test("any token of a family ends it, and what is none ends nothing", async () => {
    await using identity = await openWithAda(open());
    const first = await family(identity);
    const second = await identity.sessions.refresh(first.refreshToken);
    for (const wrong of ["", "ryr_unknown", first.token])
      assert.equal(await identity.sessions.endFamily(wrong), undefined);
    const ended = await identity.sessions.endFamily(first.refreshToken);
    assert.deepEqual([ended?.username, ended?.sessionId], ["ada", first.sessionId]);
    await assertRevoked(identity, { token: second.issued.token, refreshToken: second.refreshToken });
    assert.equal(await identity.sessions.endFamily(second.refreshToken), undefined);
  });

  test("a refresh token is no access token, an access token no refresh token, and neither is stored readably", async () => {
    await using identity = await openWithAda(open());
    const { token, refreshToken } = await family(identity);
    await assert.rejects(identity.authenticator.authenticate(refreshToken), isRefused);
    for (const bad of [token, "", "ryr_", `${refreshToken}x`, refreshToken.slice(0, -1)]) {
      await assert.rejects(identity.sessions.refresh(bad), isRefused);
    }
    const { refreshToken: successor } = await identity.sessions.refresh(refreshToken);
    const stored = JSON.stringify([
      await identity.database.kysely.selectFrom("refresh_tokens").selectAll().execute(),
      await identity.database.kysely.selectFrom("sessions").selectAll().execute(),
    ]);
    for (const secret of [token, refreshToken, successor]) assert.ok(!stored.includes(secret.slice(4)));
  });
});
